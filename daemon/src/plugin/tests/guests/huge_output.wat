;; Claims of 1.5 MiB, more than a call may return.
(func $attack (result i32)
  (drop (memory.grow (i32.const 30)))
  (call $ready (i32.const 131072) (i32.const 1572864)))
