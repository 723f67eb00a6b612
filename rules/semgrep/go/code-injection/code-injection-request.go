package formula

import (
	"fmt"
	"io"
	"net/http"
	"plugin"
	"reflect"

	"github.com/dop251/goja"
	"github.com/expr-lang/expr"
	"github.com/gin-gonic/gin"
	"github.com/robertkrimen/otto"
	"github.com/traefik/yaegi/interp"
	lua "github.com/yuin/gopher-lua"
)

type actions struct{}

func scripts(w http.ResponseWriter, r *http.Request) {
	vm := goja.New()
	// ruleid: go-code-injection-request
	vm.RunString(r.FormValue("script"))
	vm.Set("price", r.FormValue("price"))
	// ok: go-code-injection-request
	vm.RunString("price * 2")
	engine := otto.New()
	// ruleid: go-code-injection-request
	engine.Run(fmt.Sprintf("total(%s)", r.FormValue("list")))
	source, _ := io.ReadAll(r.Body)
	i := interp.New(interp.Options{})
	// ruleid: go-code-injection-request
	i.Eval(string(source))
	l := lua.NewState()
	// ruleid: go-code-injection-request
	l.DoString(r.Header.Get("X-Script"))
}

func names(c *gin.Context) {
	// ruleid: go-code-injection-request
	reflect.ValueOf(actions{}).MethodByName(c.Query("action")).Call(nil)
	// ruleid: go-code-injection-request
	plugin.Open("/opt/plugins/" + c.Param("name"))
	// ruleid: go-code-injection-request
	expr.Eval(c.Query("filter"), nil)
	name := c.Query("action")
	switch name {
	case "Start", "Stop":
	default:
		c.Status(400)
		return
	}
	// ok: go-code-injection-request
	reflect.ValueOf(actions{}).MethodByName(name).Call(nil)
}
