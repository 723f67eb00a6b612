package formula

import (
	"github.com/dop251/goja"
)

func total(list string) (goja.Value, error) {
	// ruleid: go-script-formatted
	return goja.New().RunString("total(" + list + ")")
}

func ready(script string) (goja.Value, error) {
	// ok: go-script-formatted
	return goja.New().RunString(script)
}

func variable(list string) (goja.Value, error) {
	vm := goja.New()
	vm.Set("list", list)
	// ok: go-script-formatted
	return vm.RunString("total(list)")
}
