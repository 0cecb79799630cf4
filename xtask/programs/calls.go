// A load of system calls from Go: two goroutines open, read and close a small file, two hundred
// others wait for timers. Says that it is ready, begins when it may read a byte, works for so many
// seconds and prints how many operations it did and how many nanoseconds of CPU they took.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const waiting, working, batch = 200, 2, 16

func cpu() int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}

func operation(path string, bytes []byte) {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	if _, err := file.Read(bytes); err != nil {
		panic(err)
	}
	file.Close()
}

func main() {
	seconds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	path := os.Args[2]
	fmt.Println("ready")
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		panic(err)
	}
	for index := 0; index < waiting; index++ {
		go func() {
			for range time.Tick(50 * time.Millisecond) {
			}
		}()
	}
	var operations int64
	var group sync.WaitGroup
	used, end := cpu(), time.Now().Add(time.Duration(seconds)*time.Second)
	for index := 0; index < working; index++ {
		group.Add(1)
		go func() {
			defer group.Done()
			bytes := make([]byte, 4096)
			for time.Now().Before(end) {
				for index := 0; index < batch; index++ {
					operation(path, bytes)
				}
				atomic.AddInt64(&operations, batch)
			}
		}()
	}
	group.Wait()
	fmt.Println(operations, cpu()-used)
}
