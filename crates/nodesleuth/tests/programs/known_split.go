// Burns CPU in a known split: of each round 60, 30 and 10 parts go to three functions, and with
// the argument "syscalls" a third of the whole to getdents-free reads of /dev/zero. It paces itself
// by its thread's CPU clock, so the split does not depend on the machine.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

const part = 500 * 1000 // nanoseconds of CPU

type point struct{ x, y uint64 }

var sink uint64

func cpu() int64 {
	var time syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 3, uintptr(unsafe.Pointer(&time)), 0)
	return time.Nano()
}

// mix is inlined where inlining is on.
func mix(p point) uint64 { return p.x*2862933555777941757 + p.y }

//go:noinline
func spin(rounds int) {
	p := point{1, 2}
	for i := 0; i < rounds; i++ {
		p.x = mix(p)
	}
	sink += p.x
}

//go:noinline
func sixty(until int64) {
	for cpu() < until {
		spin(20000)
	}
}

//go:noinline
func thirty(until int64) {
	for cpu() < until {
		spin(20000)
	}
}

//go:noinline
func ten(until int64) {
	for cpu() < until {
		spin(20000)
	}
}

//go:noinline
func reading(until int64, file int, buffer []byte) {
	for cpu() < until {
		syscall.Read(file, buffer)
	}
}

func main() {
	runtime.LockOSThread()
	zero, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
	if err != nil {
		panic(err)
	}
	buffer := make([]byte, 1<<20)
	reads := len(os.Args) > 1 && os.Args[1] == "syscalls"
	fmt.Println("ready")
	for next := cpu(); ; {
		next += 6 * part
		sixty(next)
		next += 3 * part
		thirty(next)
		next += part
		ten(next)
		if reads {
			next += 5 * part
			reading(next, zero, buffer)
		}
	}
}
