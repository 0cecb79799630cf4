// Oracle says what Go itself makes of addresses: of any binary by debug/gosym (function, file and
// line), of its own by the runtime (inlined calls too). It is also the program that is looked at.
package main

import (
	"bufio"
	"debug/elf"
	"debug/gosym"
	"encoding/json"
	"fmt"
	"io/ioutil"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	_ "unsafe"
)

//go:linkname expand runtime/pprof.runtime_expandFinalInlineFrame
func expand(stack []uintptr) []uintptr

// point has methods that are inlined into each other, with pointer and value receivers.
type point struct{ X, Y int }

func (p point) add(q point) point { return point{double(p.X) + q.X, double(p.Y) + q.Y} }
func (p *point) scale(n int)      { *p = p.add(point{n, n}) }
func double(n int) int            { return n * 2 }

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "table":
		table(os.Args[2], number(os.Args[3]))
	case len(os.Args) == 3 && os.Args[1] == "self":
		self(number(os.Args[2]))
	default:
		p := point{len(os.Args), 1}
		p.scale(3)
		text, err := json.Marshal(p)
		fmt.Println(string(text), err)
		os.Exit(2)
	}
}

func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// open returns the function table of a binary and the lowest address it is loaded at.
func open(path string) (*gosym.Table, uint64) {
	file, err := elf.Open(path)
	check(err)
	var data []byte
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if section := file.Section(name); section != nil {
			data, err = section.Data()
			check(err)
		}
	}
	text := file.Section(".text").Addr
	symbols, _ := file.Symbols()
	for _, symbol := range symbols {
		if symbol.Name == "runtime.text" {
			text = symbol.Value
		}
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text))
	check(err)
	var loads []uint64
	for _, prog := range file.Progs {
		if prog.Type == elf.PT_LOAD {
			loads = append(loads, prog.Vaddr)
		}
	}
	sort.Slice(loads, func(i, j int) bool { return loads[i] < loads[j] })
	return table, loads[0]
}

func table(path string, stride uint64) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	table, _ := open(path)
	for i := range table.Funcs {
		function := &table.Funcs[i]
		for pc := function.Entry; pc < function.End; pc += stride {
			file, line, _ := table.PCToLine(pc)
			fmt.Fprintf(out, "%x\t%s\t%s\t%d\n", pc, function.Name, file, line)
		}
	}
}

// loadedAt returns the lowest address of this program's own file.
func loadedAt() uint64 {
	own, err := os.Executable()
	check(err)
	maps, err := ioutil.ReadFile("/proc/self/maps")
	check(err)
	for _, line := range strings.Split(string(maps), "\n") {
		if strings.HasSuffix(line, " "+own) {
			start, err := strconv.ParseUint(strings.SplitN(line, "-", 2)[0], 16, 64)
			check(err)
			return start
		}
	}
	check(fmt.Errorf("%s is not in /proc/self/maps", own))
	return 0
}

func self(stride uint64) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	table, linked := open("/proc/self/exe")
	start := loadedAt()
	for i := range table.Funcs {
		function := &table.Funcs[i]
		// the runtime takes return addresses, and behind the last byte begins the next function
		for pc := function.Entry; pc+1 < function.End; pc += stride {
			frames := runtime.CallersFrames(expand([]uintptr{uintptr(pc - linked + start + 1)}))
			fmt.Fprintf(out, "%x", pc)
			for more := true; more; {
				var frame runtime.Frame
				frame, more = frames.Next()
				fmt.Fprintf(out, "\t%s\t%s\t%d", frame.Function, frame.File, frame.Line)
			}
			fmt.Fprintln(out)
		}
	}
}
