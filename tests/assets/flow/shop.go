package shop

import (
	"fmt"
	"net/http"
	"strings"
)

const mode = "fixed"

var loose = "x"

type Store struct{ db *DB }

func keep(v string) string { w := v; return w }
func drop(v string) string { return "const" }
func two(v string) (string, error) { return v, nil }
func twoFixed(v string) (string, string) { return "a", v }

func (s *Store) fixed(v string) string { return mode }
func (s *Store) same(v string) string  { return v }

func (s *Store) Do(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Query().Get("p")
	num := 86
	var bar string
	if 7*42-num > 200 {
		bar = "x"
	} else {
		bar = p
	}
	sink(bar) // inert
	sink(p) // reached
	sink("select " + bar) // inert
	sink(fmt.Sprintf("select %s", bar)) // inert
	sink(fmt.Sprintf("select %s", p)) // reached
	sink(strings.ToUpper(bar)) // inert
	sink(keep(p)) // reached
	sink(drop(p)) // inert
	sink(s.fixed(p)) // inert
	sink(s.same(p)) // reached
	sink(s.name) // reached
	sink(mode) // inert
	sink(loose) // reached
	q, err := two(p)
	if err != nil {
		return
	}
	sink(q) // reached
	a, b := twoFixed(p)
	sink(a) // inert
	sink(b) // reached
	m := map[string]string{"a": "x"}
	m["b"] = p
	sink(m["a"]) // inert
	sink(m["b"]) // reached
	if v, ok := m["a"]; ok {
		sink(v) // inert
	}
	l := []string{"a"}
	l = append(l, p)
	l = append(l, "c")
	sink(l[0]) // inert
	sink(l[1]) // reached
	sink(l[2]) // inert
	c := "x"
	{
		c := p
		use(c)
	}
	sink(c) // inert
	if c := p; c != "" {
		sink(c) // reached
	}
	d := "k"
	for _, item := range r.Form["z"] {
		d = item
	}
	sink(d) // reached
	e := "k"
	for i := 0; i < 3; i++ {
		e += "z"
	}
	sink(e) // inert
	guess := "ABC"[1]
	var f string
	switch guess {
	case 'A':
		f = p
	case 'B':
		f = "bob"
	default:
		f = p
	}
	sink(f) // inert
	g := "k"
	switch {
	case num > 90:
		g = p
	case num == 86:
		g = "z"
	default:
		g = p
	}
	sink(g) // inert
	h := "k"
	fill(&h)
	sink(h) // reached
	sl := l[0:2]
	sl[0] = p
	sink(l[0]) // reached
	switch t := any(p).(type) {
	case string:
		sink(t) // reached
	}
	var sb strings.Builder
	sb.WriteString(p)
	sink(sb.String()) // reached
	if len(p) > 3 {
		panic("x")
		sink(p) // inert
	}
	sink(escape(p)) // inert
}

func closure(r *http.Request) {
	x := "k"
	func() {
		sink(r.Form) // reached
	}()
	sink(x) // inert
}

func changed(r *http.Request) {
	x := "k"
	each(r.Form, func(v string) { x = v })
	sink(x) // reached
}
