;; Sends a request and answers well whatever comes of it.
(import "issuer:plugin/http@1.0.0" "send"
  (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
(data (i32.const 4096) "GET")
(data (i32.const 4112) "https://register.example/v1/people")
(func $attack (result i32)
  (call $send (i32.const 4096) (i32.const 3) (i32.const 4112) (i32.const 34) (i32.const 0) (i32.const 0)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 5000))
  (call $ready (i32.const 1056) (i32.const 44)))
