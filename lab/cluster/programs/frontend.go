// A front end as cluster managers have them: the API server is found below a path, over TLS, and a
// connection on which nothing has moved for a while is cut.
//
//	frontend LISTEN PREFIX SERVER CA.crt CERT KEY IDLE
package main

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

// Counts as idle when neither side has said anything for so long.
type cutting struct {
	net.Conn
	idle time.Duration
}

func (c cutting) moved() { c.Conn.SetDeadline(time.Now().Add(c.idle)) }

func (c cutting) Read(into []byte) (int, error) {
	c.moved()
	return c.Conn.Read(into)
}

func (c cutting) Write(from []byte) (int, error) {
	c.moved()
	return c.Conn.Write(from)
}

type listener struct {
	net.Listener
	idle time.Duration
}

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return cutting{conn, l.idle}, nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	if len(os.Args) != 8 {
		log.Fatal("usage: frontend LISTEN PREFIX SERVER CA.crt CERT KEY IDLE")
	}
	address, prefix, server := os.Args[1], os.Args[2], os.Args[3]
	upstream, err := url.Parse(server)
	must(err)
	authority, err := os.ReadFile(os.Args[4])
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	idle, err := time.ParseDuration(os.Args[7])
	must(err)
	inner, err := net.Listen("tcp", address)
	must(err)

	proxy := httputil.NewSingleHostReverseProxy(upstream)
	// HTTP/1.1 only: exec streams are upgraded connections.
	proxy.Transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	serving := &http.Server{
		Handler:      http.StripPrefix(prefix, proxy),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	must(serving.ServeTLS(listener{inner, idle}, os.Args[5], os.Args[6]))
}
