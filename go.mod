module github.com/flumedb/flumedb-wasm

go 1.26
