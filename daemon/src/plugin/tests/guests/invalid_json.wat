(data (i32.const 4096) "{\"given_name\":")
(func $attack (result i32) (call $ready (i32.const 4096) (i32.const 14)))
