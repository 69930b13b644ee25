;; Takes table elements until there are no more, then gives up.
(table $many 1 funcref)
(func $attack (result i32)
  (loop $again (br_if $again (i32.ne (table.grow $many (ref.null func) (i32.const 1000)) (i32.const -1))))
  (unreachable))
