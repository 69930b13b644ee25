(data (i32.const 4096) "{\"\ff\":1}")
(func $attack (result i32) (call $ready (i32.const 4096) (i32.const 7)))
