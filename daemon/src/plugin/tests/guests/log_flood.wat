(import "issuer:plugin/log@1.0.0" "write" (func $log (param i32 i32 i32 i32 i32)))
(func $attack (result i32)
  (loop $again (call $log (i32.const 2) (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 0)) (br $again))
  (unreachable))
