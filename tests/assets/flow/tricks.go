package shop

import (
	"log"
	"net/http"
	"os"
	"strings"

	"example.com/shop/texts"
)

const limit uint8 = 200

type Name string

func (n *Name) Set(v string) { *n = Name(v) }

type Shop struct{ rows []string }

func (s *Shop) own(v string) string { return "x" }
func other(v string) string         { return "x" }
func changes(v *string)             { *v = os.Args[1] }
func grows(l []string, v string) []string {
	l = append(l, v)
	return l
}

func aliases(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Query().Get("p")
	a := []string{"s"}
	b := a
	a = append(a, "x")
	b = append(b, p)
	sink(b[1]) // reached
	c := []string{"x"}
	changes(&c[0])
	sink(c[0]) // reached
	d := strings.Split("a,b", ",")
	d = append(d, p)
	sink(d) // reached
	e := strings.Split("a,b", ",")
	e[0] = p
	sink(e) // reached
	f := [2]string{p, "y"}
	g := f
	g[0] = "x"
	sink(f[0]) // reached
	h := []string{"x", "y"}
	for _, item := range h {
		h[1] = p
		sink(item) // reached
	}
	m := map[string][]string{"a": {"x"}}
	for _, row := range m {
		row[0] = p
	}
	sink(m["a"][0]) // reached
	i := []byte("x")
	copy(i, p)
	sink(i) // reached
	j := []string{"x"}
	defer sink(j) // reached
	j[0] = p
	k := grows([]string{"x"}, p)
	sink(k[1]) // reached
}

func scopes(r *http.Request, other func(string) string) {
	p := r.FormValue("p")
	sink(other(p)) // reached
	a := "x"
	if a := p; a != "" {
		sink(a) // reached
	}
	sink(a) // inert
	b, err := "x", error(nil)
	if b, err := two(p); err == nil {
		sink(b) // reached
	}
	sink(b) // inert
	use(err)
	var n Name = "x"
	n.Set(p)
	sink(n) // reached
	c := "x"
	q := &c
	*q = p
}

func pointers(r *http.Request) {
	p := r.FormValue("p")
	c := "x"
	q := &c
	changes(q)
	sink(c) // reached
	d := "x"
	set := func() { d = p }
	set()
	sink(d) // reached
	rows := []string{"x"}
	fill := func() { rows[0] = p }
	rows = []string{"y"}
	fill()
	sink(rows[0]) // reached
	defer func() { d = "x" }()
}

func named(v string) (result string) {
	defer func() { result = v }()
	return "x"
}

func results(r *http.Request, self *Shop) {
	p := r.FormValue("p")
	sink(named(p)) // reached
	sink(self.other(p)) // reached
	sink(other(p)) // inert
	sink(texts.ToUpper("x")) // reached
	sink(strings.ToUpper("x")) // inert
	var small uint8 = 200
	small += 100
	if small == 44 {
		sink(p) // reached
	}
	wide := limit
	wide += 100
	if wide < 100 {
		sink(p) // reached
	}
	logger.Fatal(p)
	sink(p) // reached
	game.Exit(p)
	sink(p) // reached
	if len(p) > 3 {
		os.Exit(1)
		sink(p) // inert
	}
	log.Fatal(p)
	sink(p) // inert
}

func channels(r *http.Request) {
	ch := make(chan string, 1)
	ch <- r.FormValue("p")
	v := <-ch
	sink(v) // reached
	x, ok := <-ch
	sink(x) // reached
	sink(ok) // reached
	sink("x") // inert
	switch t := any(v).(type) {
	case string:
		sink(t) // reached
	}
	letter := "ABC"[1]
	if letter == 66 {
		sink(v) // reached
	}
}
