;; Asks for more random bytes than the contract allows.
(import "issuer:plugin/random@1.0.0" "bytes" (func $random (param i32 i32)))
(func $attack (result i32) (call $random (i32.const 1000000) (i32.const 4096)) (unreachable))
