;; What the hostile guests have in common: memory, an allocator that never frees, `describe` and `check`, and attacks by the mode in the config.
(import "issuer:plugin/config@1.0.0" "get" (func $get (param i32 i32 i32)))
(import "issuer:plugin/log@1.0.0" "write" (func $log (param i32 i32 i32 i32 i32)))
(import "issuer:plugin/secrets@1.0.0" "reveal" (func $reveal (param i32 i32 i32)))
(import "issuer:plugin/http@1.0.0" "send"
  (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
(memory (export "memory") 2)
(global $next (mut i32) (i32.const 65536))
;; The text that an attack leaves.
(global $text (mut i32) (i32.const 0))
(global $length (mut i32) (i32.const 0))
(data (i32.const 1024) "guest")
(data (i32.const 1040) "1.0.0")
;; plugin-info: name, version, description, no schema, no needs
(data (i32.const 2048) "\00\04\00\00\05\00\00\00\10\04\00\00\05\00\00\00\00\04\00\00\05\00\00\00")
(data (i32.const 5000) "mode")
(data (i32.const 5008) "claims")
(data (i32.const 5016) "url")
(data (i32.const 5024) "text")
(data (i32.const 5032) "secret")
(data (i32.const 5040) "GET")
(data (i32.const 5048) "authorization")
(data (i32.const 5064) "refused")
(data (i32.const 5072) "{\"name\":\"")
(data (i32.const 5084) "\"}")
(data (i32.const 5088) "admin")
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
  (global.set $next (i32.add (local.get $at) (local.get 3)))
  (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
    (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16)))))))
  (local.get $at))
(func (export "issuer:plugin/lifecycle@1.0.0#describe") (result i32) (i32.const 2048))
(func (export "issuer:plugin/lifecycle@1.0.0#check") (result i32) (i32.const 2200))
;; Takes a value of the config as the text.
(func $setting (param $key i32) (param $length i32)
  (call $get (local.get $key) (local.get $length) (i32.const 4200))
  (if (i32.eqz (i32.load8_u (i32.const 4200))) (then (unreachable)))
  (global.set $text (i32.load (i32.const 4204)))
  (global.set $length (i32.load (i32.const 4208))))
;; Makes the claims {"name": …} of a text.
(func $named (param $at i32) (param $length i32)
  (memory.copy (i32.const 20000) (i32.const 5072) (i32.const 9))
  (memory.copy (i32.const 20009) (local.get $at) (local.get $length))
  (memory.copy (i32.add (i32.const 20009) (local.get $length)) (i32.const 5084) (i32.const 2))
  (global.set $text (i32.const 20000))
  (global.set $length (i32.add (local.get $length) (i32.const 11))))
;; Sends a request to the URL in the text; whether there was an answer, at 4400.
(func $ask (param $headers i32) (result i32)
  (call $send (i32.const 5040) (i32.const 3) (global.get $text) (global.get $length) (i32.const 4500) (local.get $headers)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4400))
  (i32.eqz (i32.load8_u (i32.const 4400))))
(func $answered (result i32)
  (call $named (i32.load (i32.const 4420)) (i32.load (i32.const 4424)))
  (i32.const 1))
;; Takes the value of the first header whose name is as long as `location`.
(func $location
  (local $at i32) (local $left i32)
  (local.set $at (i32.load (i32.const 4412)))
  (local.set $left (i32.load (i32.const 4416)))
  (loop $again
    (if (i32.eqz (local.get $left)) (then (unreachable)))
    (if (i32.eq (i32.load offset=4 (local.get $at)) (i32.const 8))
      (then
        (global.set $text (i32.load offset=8 (local.get $at)))
        (global.set $length (i32.load offset=12 (local.get $at)))
        (return)))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br $again)))
;; Asks a URL, and goes where its answer points.
(func $fetched (result i32)
  (call $setting (i32.const 5016) (i32.const 3))
  (if (i32.eqz (call $ask (i32.const 0))) (then (return (i32.const 0))))
  (if (i32.ge_u (i32.load16_u (i32.const 4408)) (i32.const 300))
    (then
      (call $location)
      (if (i32.eqz (call $ask (i32.const 0))) (then (return (i32.const 0))))))
  (call $answered))
;; Sends a secret in a header, and tells what the answer says of it.
(func $carried (result i32)
  (i32.store (i32.const 4500) (i32.const 5048))
  (i32.store (i32.const 4504) (i32.const 13))
  (i32.store (i32.const 4508) (i32.const 1))
  (call $setting (i32.const 5032) (i32.const 6))
  (i32.store (i32.const 4512) (global.get $text))
  (i32.store (i32.const 4516) (global.get $length))
  (call $setting (i32.const 5016) (i32.const 3))
  (if (i32.eqz (call $ask (i32.const 1))) (then (return (i32.const 0))))
  (call $answered))
;; Whether a secret was revealed, which becomes the text.
(func $revealed (param $name i32) (param $length i32) (result i32)
  (call $reveal (local.get $name) (local.get $length) (i32.const 4300))
  (if (i32.load8_u (i32.const 4300)) (then (return (i32.const 0))))
  (global.set $text (i32.load (i32.const 4304)))
  (global.set $length (i32.load (i32.const 4308)))
  (i32.const 1))
;; Asks for a secret, guesses another name forty times, and asks again.
(func $fished (result i32)
  (local $left i32)
  (local.set $left (i32.const 40))
  (call $setting (i32.const 5032) (i32.const 6))
  (if (i32.eqz (call $revealed (global.get $text) (global.get $length)))
    (then
      (block $found
        (loop $again
          (br_if $found (call $revealed (i32.const 5088) (i32.const 5)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $again (local.get $left)))
        (if (i32.eqz (call $revealed (global.get $text) (global.get $length))) (then (return (i32.const 0)))))))
  (call $named (global.get $text) (global.get $length))
  (i32.const 1))
;; Writes a secret into the log.
(func $blabbed (result i32)
  (call $setting (i32.const 5032) (i32.const 6))
  (if (i32.eqz (call $revealed (global.get $text) (global.get $length))) (then (unreachable)))
  (call $log (i32.const 4) (global.get $text) (global.get $length) (i32.const 0) (i32.const 0))
  (i32.const 0))
;; 0: an error, 1: the text is claims, 2: a refusal with the text.
(func $attack (result i32)
  (local $mode i32)
  (call $setting (i32.const 5000) (i32.const 4))
  (local.set $mode (i32.load8_u (global.get $text)))
  (if (i32.eq (local.get $mode) (i32.const 99)) ;; claims
    (then (call $setting (i32.const 5008) (i32.const 6)) (return (i32.const 1))))
  (if (i32.eq (local.get $mode) (i32.const 100)) ;; deny
    (then (call $setting (i32.const 5024) (i32.const 4)) (return (i32.const 2))))
  (if (i32.eq (local.get $mode) (i32.const 112)) ;; pending
    (then (call $setting (i32.const 5024) (i32.const 4)) (return (i32.const 3))))
  (if (i32.eq (local.get $mode) (i32.const 104)) (then (return (call $fetched)))) ;; http
  (if (i32.eq (local.get $mode) (i32.const 115)) (then (return (call $carried)))) ;; secret
  (if (i32.eq (local.get $mode) (i32.const 102)) (then (return (call $fished)))) ;; fish
  (if (i32.eq (local.get $mode) (i32.const 98)) (then (return (call $blabbed)))) ;; blab
  (if (i32.eq (local.get $mode) (i32.const 108)) (then (loop $again (br $again)))) ;; loop
  (if (i32.eq (local.get $mode) (i32.const 109)) ;; memory
    (then (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))))
  (if (i32.eq (local.get $mode) (i32.const 111)) ;; output
    (then
      (drop (memory.grow (i32.const 30)))
      (global.set $text (i32.const 131072))
      (global.set $length (i32.const 1572864))
      (return (i32.const 1))))
  (unreachable))
