//go:build cgo
// +build cgo

package main

// With cgo this package brings C code, which the system's linker has to link.
import _ "os/user"
