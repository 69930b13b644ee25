;; Claims at an address outside of its memory.
(func $attack (result i32) (call $ready (i32.const -65536) (i32.const 100)))
