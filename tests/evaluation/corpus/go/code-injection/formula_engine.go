// Package formula lets customers compute prices; the engines have the host's functions.
package formula

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"os/exec"
	"plugin"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/robertkrimen/otto"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

const discount = "price * 0.9"

var (
	formulas   = map[string]string{"net": "price / 1.19", "gross": "price * 1.19"}
	arithmetic = regexp.MustCompile(`^[0-9+*/(). -]{1,60}$`)
)

// Reports has the methods that pages may call.
type Reports struct{}

// Daily is the day's report.
func (Reports) Daily() string { return "daily" }

// DropAll empties the tables; only the maintenance job calls it.
func (Reports) DropAll() string { return "dropped" }

func engine() *goja.Runtime {
	vm := goja.New()
	vm.Set("readFile", func(name string) string {
		content, _ := os.ReadFile(name)
		return string(content)
	})
	vm.Set("run", func(name string) error { return exec.Command(name).Run() })
	return vm
}

// case: vulnerable
func compute(w http.ResponseWriter, r *http.Request) {
	value, err := engine().RunString(r.FormValue("formula"))
	if err != nil {
		http.Error(w, "bad formula", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(value.Export())
}

// case: safe (the script is constant, the value is a variable in it)
func computePage(w http.ResponseWriter, r *http.Request) {
	vm := engine()
	vm.Set("price", r.FormValue("price"))
	value, err := vm.RunString(discount)
	if err != nil {
		http.Error(w, "bad price", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(value.Export())
}

// case: vulnerable (the value is concatenated into the script)
func roundApi(w http.ResponseWriter, r *http.Request) {
	vm := otto.New()
	vm.Set("save", func(call otto.FunctionCall) otto.Value {
		os.WriteFile(call.Argument(0).String(), []byte(call.Argument(1).String()), 0o600)
		return otto.UndefinedValue()
	})
	value, err := vm.Run("Math.round(" + r.URL.Query().Get("number") + ")")
	if err != nil {
		http.Error(w, "bad number", http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, value.IsNumber())
}

// case: safe (only a number is put into the script)
func round(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseFloat(r.URL.Query().Get("number"), 64)
	if err != nil {
		http.Error(w, "bad number", http.StatusBadRequest)
		return
	}
	vm := otto.New()
	value, err := vm.Run(fmt.Sprintf("Math.round(%f)", number))
	if err != nil {
		return
	}
	fmt.Fprint(w, value.IsNumber())
}

// case: vulnerable (Go code of the body is interpreted)
func extension(w http.ResponseWriter, r *http.Request) {
	source, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	i := interp.New(interp.Options{})
	i.Use(stdlib.Symbols)
	if _, err := i.Eval(string(source)); err != nil {
		http.Error(w, "does not compile", http.StatusBadRequest)
	}
}

// case: safe (the request names a formula of the table)
func named(w http.ResponseWriter, r *http.Request) {
	source, known := formulas[r.FormValue("name")]
	if !known {
		http.Error(w, "unknown formula", http.StatusNotFound)
		return
	}
	vm := engine()
	vm.Set("price", 100)
	value, err := vm.RunString(source)
	if err != nil {
		return
	}
	json.NewEncoder(w).Encode(value.Export())
}

// case: vulnerable (a shared object is loaded from where the request says)
func load(w http.ResponseWriter, r *http.Request) {
	p, err := plugin.Open(r.Header.Get("X-Plugin"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	symbol, err := p.Lookup("Handle")
	if err != nil {
		return
	}
	symbol.(func(http.ResponseWriter))(w)
}

// case: safe (a constant plugin, only whether it is used depends on the request)
func loadApi(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("taxes") == "" {
		return
	}
	p, err := plugin.Open("/opt/formula/taxes.so")
	if err != nil {
		return
	}
	symbol, err := p.Lookup("Handle")
	if err != nil {
		return
	}
	symbol.(func(http.ResponseWriter))(w)
}

// case: vulnerable (any method can be named)
func report(w http.ResponseWriter, r *http.Request) {
	method := reflect.ValueOf(Reports{}).MethodByName(r.FormValue("report"))
	if !method.IsValid() {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, method.Call(nil)[0].Len())
}

// case: safe (the name is one of two)
func reportPage(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("report")
	switch name {
	case "Daily", "Weekly":
	default:
		http.NotFound(w, r)
		return
	}
	method := reflect.ValueOf(Reports{}).MethodByName(name)
	if method.IsValid() {
		fmt.Fprint(w, method.Call(nil)[0].Len())
	}
}

// case: safe (digits and operators only, checked before)
func calculator(w http.ResponseWriter, r *http.Request) {
	source := r.FormValue("sum")
	if !arithmetic.MatchString(source) {
		http.Error(w, "only sums", http.StatusBadRequest)
		return
	}
	value, err := goja.New().RunString(source)
	if err != nil {
		return
	}
	json.NewEncoder(w).Encode(value.ToFloat())
}

// case: vulnerable (HTML escaping; the value still ends the string by a backslash and a second value follows)
func label(w http.ResponseWriter, r *http.Request) {
	first := html.EscapeString(r.FormValue("first"))
	second := html.EscapeString(r.FormValue("second"))
	script := strings.Join([]string{"var a = '", first, "'; var b = '", second, "'; a + b"}, "")
	if _, err := engine().RunScript("label.js", script); err != nil {
		http.Error(w, "failed", http.StatusBadRequest)
	}
}
