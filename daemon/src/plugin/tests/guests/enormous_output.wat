;; Claims of 40 MiB, more than is copied at all.
(func $attack (result i32)
  (drop (memory.grow (i32.const 700)))
  (call $ready (i32.const 131072) (i32.const 41943040)))
