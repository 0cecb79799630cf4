// Stand-ins for the kubelets of a fleet: one TLS port each, from FIRST on, all answering what one
// real kubelet once answered. Every tenth fails, each in the next of the ways that kubelets fail.
//
//	standins ADDRESS FIRST COUNT CERT KEY FOLDER
//
// FOLDER holds a file for each path, with "_" for "/": metrics, metrics_cadvisor, stats_summary,
// configz, debug_pprof_profile ...
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type answer func(http.ResponseWriter, *http.Request, []byte)

// How one fails: everything, or only the profile, which is what takes long.
type failure struct {
	everything bool
	answer     answer
}

func refuse(status int, text string) answer {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) { http.Error(w, text, status) }
}

func hang(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }

func hangUp(http.ResponseWriter, *http.Request, []byte) { panic(http.ErrAbortHandler) }

func half(w http.ResponseWriter, _ *http.Request, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body[:len(body)/2])
}

// In the order in which they are handed out. One without an answer never listens.
var failures = []failure{
	{everything: true},
	{true, hang},
	{false, refuse(405, "Debug endpoints are disabled.")},
	{false, refuse(500, "Could not enable CPU profiling: cpu profiling already in use")},
	{true, refuse(503, "Service Unavailable")},
	{false, refuse(429, "Too Many Requests")},
	{false, refuse(400, "profile duration exceeds server's WriteTimeout")},
	{false, half},
	{false, hangUp},
	{false, refuse(200, "<html>not what was asked for</html>")},
}

const every = 10

type standin struct {
	folder string
	fails  *failure
}

func (s standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	isProfile := path == "debug/pprof/profile"
	body, err := os.ReadFile(filepath.Join(s.folder, strings.ReplaceAll(path, "/", "_")))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if s.fails != nil && (isProfile || s.fails.everything) {
		s.fails.answer(w, r, body)
		return
	}
	if isProfile {
		seconds, _ := strconv.Atoi(r.URL.Query().Get("seconds"))
		time.Sleep(time.Duration(seconds) * time.Second)
	}
	w.Write(body)
}

func main() {
	if len(os.Args) != 7 {
		log.Fatal("usage: standins ADDRESS FIRST COUNT CERT KEY FOLDER")
	}
	first, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	for index := 0; index < count; index++ {
		one := standin{folder: os.Args[6]}
		if index%every == every-1 {
			one.fails = &failures[index/every%len(failures)]
			if one.fails.answer == nil {
				continue
			}
		}
		inner, err := net.Listen("tcp", net.JoinHostPort(os.Args[1], strconv.Itoa(first+index)))
		if err != nil {
			log.Fatal(err)
		}
		go http.ServeTLS(inner, one, os.Args[4], os.Args[5])
	}
	fmt.Println("ready")
	select {}
}
