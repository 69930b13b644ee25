;; Takes memory until there is no more, then gives up.
(func $attack (result i32)
  (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
  (unreachable))
