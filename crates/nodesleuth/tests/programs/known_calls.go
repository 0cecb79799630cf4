// Writes and opens a known number of times from several goroutines, while others wait for timers.
// Begins when it may read a byte, and says before that it is ready.
package main

import (
	"os"
	"sync"
	"time"
)

const working, waiting, times = 4, 50, 1000

func work(null *os.File) {
	for index := 0; index < times; index++ {
		if _, err := null.Write([]byte("12345678")); err != nil {
			panic(err)
		}
		file, err := os.Open("/proc/self/comm")
		if err != nil {
			panic(err)
		}
		if _, err := file.Read(make([]byte, 64)); err != nil {
			panic(err)
		}
		file.Close()
		if index%100 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

func main() {
	null, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString("ready\n")
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		panic(err)
	}
	for index := 0; index < waiting; index++ {
		go func() {
			for range time.Tick(5 * time.Millisecond) {
			}
		}()
	}
	var group sync.WaitGroup
	for index := 0; index < working; index++ {
		group.Add(1)
		go func() {
			defer group.Done()
			work(null)
		}()
	}
	group.Wait()
}
