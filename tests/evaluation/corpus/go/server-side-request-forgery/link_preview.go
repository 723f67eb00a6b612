// Package preview fetches pages to show a small picture of them.
package preview

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"
)

const catalogue = "https://catalogue.example.org/api"

var (
	client  = &http.Client{Timeout: 5 * time.Second}
	mirrors = map[string]string{"eu": "https://eu.mirror.example.org", "us": "https://us.mirror.example.org"}
	isbn    = regexp.MustCompile(`^[0-9]{13}$`)
)

type request struct{ *http.Request }

func (r request) target() string { return r.URL.Query().Get("target") }

func (r request) home() string { return "https://www.example.org/" }

// guarded refuses to connect to private addresses, whatever a name resolves to.
func guarded() *http.Client {
	dialer := &net.Dialer{Control: func(network, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		ip := net.ParseIP(host)
		if ip == nil || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			return errors.New("address is not public")
		}
		return nil
	}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}, Timeout: 5 * time.Second}
}

func send(w http.ResponseWriter, response *http.Response) {
	defer response.Body.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	io.Copy(w, io.LimitReader(response.Body, 1<<20))
}

// case: vulnerable
func fetch(w http.ResponseWriter, r *http.Request) {
	response, err := http.Get(r.FormValue("url"))
	if err != nil {
		http.Error(w, "not reachable", http.StatusBadGateway)
		return
	}
	send(w, response)
}

// case: safe (the host is fixed, the value stands in the query and is escaped)
func find(w http.ResponseWriter, r *http.Request) {
	response, err := http.Get(catalogue + "/search?q=" + url.QueryEscape(r.FormValue("q")))
	if err != nil {
		http.Error(w, "not reachable", http.StatusBadGateway)
		return
	}
	send(w, response)
}

// case: vulnerable (the host is concatenated from a path variable)
func probe(w http.ResponseWriter, r *http.Request) {
	address := fmt.Sprintf("http://%s/health", chi.URLParam(r, "host"))
	response, err := client.Get(address)
	if err != nil {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	send(w, response)
}

// case: safe (the host is compared with a list, and the handler returns)
func picture(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(r.FormValue("url"))
	if err != nil || target.Scheme != "https" {
		http.Error(w, "bad address", http.StatusBadRequest)
		return
	}
	switch target.Host {
	case "images.example.org", "static.example.org":
	default:
		http.Error(w, "host is not allowed", http.StatusForbidden)
		return
	}
	response, err := client.Get(target.String())
	if err != nil {
		return
	}
	send(w, response)
}

// case: vulnerable (a prefix without a slash also fits example.org.attacker.net)
func avatar(w http.ResponseWriter, r *http.Request) {
	address := r.FormValue("url")
	if !strings.HasPrefix(address, "https://images.example.org") {
		http.Error(w, "host is not allowed", http.StatusForbidden)
		return
	}
	response, err := client.Get(address)
	if err != nil {
		return
	}
	send(w, response)
}

// case: vulnerable (a JSON field, NewRequestWithContext and Do)
func webhook(w http.ResponseWriter, r *http.Request) {
	var subscription struct {
		Callback string `json:"callback"`
	}
	if json.NewDecoder(r.Body).Decode(&subscription) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	outgoing, err := http.NewRequestWithContext(ctx, http.MethodPost, subscription.Callback, bytes.NewBufferString("{}"))
	if err != nil {
		return
	}
	response, err := client.Do(outgoing)
	if err == nil {
		send(w, response)
	}
}

// case: safe (the request's value is the body of a call to a fixed address)
func record(w http.ResponseWriter, r *http.Request) {
	response, err := http.PostForm(catalogue+"/visits", url.Values{"page": {r.FormValue("url")}})
	if err != nil {
		return
	}
	response.Body.Close()
}

// case: safe (a table gives the address)
func mirror(w http.ResponseWriter, r *http.Request) {
	base, ok := mirrors[r.FormValue("region")]
	if !ok {
		base = mirrors["eu"]
	}
	response, err := client.Get(base + "/index.json")
	if err != nil {
		return
	}
	send(w, response)
}

// case: vulnerable (the wrapper's method hands the value on; only the scheme is looked at)
func screenshot(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(request{r}.target())
	if err != nil || (target.Scheme != "http" && target.Scheme != "https") {
		http.Error(w, "bad address", http.StatusBadRequest)
		return
	}
	response, err := http.Head(target.String())
	if err != nil {
		return
	}
	send(w, response)
}

// case: safe (the wrapper's other method is constant)
func home(w http.ResponseWriter, r *http.Request) {
	response, err := http.Get(request{r}.home())
	if err != nil {
		return
	}
	send(w, response)
}

// case: vulnerable (a raw connection to where a header says)
func port(w http.ResponseWriter, r *http.Request) {
	conn, err := net.DialTimeout("tcp", r.Header.Get("X-Backend")+":80", time.Second)
	if err != nil {
		http.Error(w, "closed", http.StatusBadGateway)
		return
	}
	defer conn.Close()
	fmt.Fprint(w, "open")
}

// case: safe (thirteen digits in the path of a fixed host)
func book(w http.ResponseWriter, r *http.Request) {
	number := r.FormValue("isbn")
	if !isbn.MatchString(number) {
		http.Error(w, "bad number", http.StatusBadRequest)
		return
	}
	response, err := client.Get(catalogue + "/books/" + number)
	if err != nil {
		return
	}
	send(w, response)
}

// case: safe (the client itself refuses private addresses after resolving)
func page(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(r.FormValue("url"))
	if err != nil || target.Scheme != "https" {
		http.Error(w, "bad address", http.StatusBadRequest)
		return
	}
	dialer := &net.Dialer{Control: func(network, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return errors.New("address is not public")
		}
		return nil
	}}
	public := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	response, err := public.Get(target.String())
	if err != nil {
		return
	}
	send(w, response)
}

// case: safe (the address is the operator's, from the environment)
func status(w http.ResponseWriter, r *http.Request) {
	page, err := strconv.Atoi(r.FormValue("page"))
	if err != nil {
		page = 1
	}
	response, err := guarded().Get(os.Getenv("STATUS_URL") + "?page=" + strconv.Itoa(page))
	if err != nil {
		return
	}
	send(w, response)
}
