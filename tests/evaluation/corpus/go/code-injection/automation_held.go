// Package automation runs the rules that tenants may define in their settings.
package automation

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"

	"github.com/d5/tengo/v2"
	"github.com/d5/tengo/v2/stdlib"
	"github.com/dop251/goja"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
	"github.com/mattn/anko/env"
	_ "github.com/mattn/anko/packages"
	"github.com/mattn/anko/vm"
	lua "github.com/yuin/gopher-lua"
	v8 "rogchap.com/v8go"
)

const customRules = false

var upgrader = websocket.Upgrader{}

// Actions can be named in a rule.
type Actions struct{ tenant string }

// Notify sends a message.
func (a *Actions) Notify(text string) error { return exec.Command("notify-send", "--", text).Run() }

// Wipe removes the tenant.
func (a *Actions) Wipe(text string) error {
	return os.RemoveAll(filepath.Join("/srv/tenants", a.tenant))
}

func sourceOf(c *gin.Context) string { return c.PostForm("source") }

func builtin(c *gin.Context) string { return "print('tick')" }

// case: vulnerable (Lua with its whole standard library)
func script(c *gin.Context) {
	state := lua.NewState()
	defer state.Close()
	if err := state.DoString(c.PostForm("script")); err != nil {
		c.Status(http.StatusBadRequest)
	}
}

// case: safe (a file of the server's own, the value is a global in it)
func scheduled(c *gin.Context) {
	state := lua.NewState()
	defer state.Close()
	state.SetGlobal("payload", lua.LString(c.PostForm("payload")))
	if err := state.DoFile("/etc/automation/scheduled.lua"); err != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// case: vulnerable (a helper hands the field on)
func rule(c *gin.Context) {
	state := lua.NewState()
	defer state.Close()
	source := sourceOf(c)
	if function, err := state.LoadString(source); err == nil {
		state.Push(function)
		state.PCall(0, lua.MultRet, nil)
	}
}

// case: safe (the helper hands a constant on)
func tick(c *gin.Context) {
	state := lua.NewState()
	defer state.Close()
	source := builtin(c)
	if function, err := state.LoadString(source); err == nil {
		state.Push(function)
		state.PCall(0, lua.MultRet, nil)
	}
}

// case: vulnerable (anko can import the packages of the host)
func expression(c echo.Context) error {
	e := env.NewEnv()
	value, err := vm.Execute(e, nil, c.QueryParam("expression"))
	if err != nil {
		return echo.ErrBadRequest
	}
	return c.JSON(http.StatusOK, value)
}

// case: safe (the value is defined in the environment, the script is constant)
func expressionApi(c echo.Context) error {
	e := env.NewEnv()
	if err := e.Define("limit", c.QueryParam("limit")); err != nil {
		return echo.ErrBadRequest
	}
	value, err := vm.Execute(e, nil, "limit + \" items\"")
	if err != nil {
		return echo.ErrBadRequest
	}
	return c.JSON(http.StatusOK, value)
}

// case: vulnerable (tengo with all modules, os among them)
func flow(c echo.Context) error {
	s := tengo.NewScript([]byte("result := " + c.FormValue("flow")))
	s.SetImports(stdlib.GetModuleMap(stdlib.AllModuleNames()...))
	compiled, err := s.RunContext(context.Background())
	if err != nil {
		return echo.ErrBadRequest
	}
	return c.JSON(http.StatusOK, compiled.Get("result").Value())
}

// case: vulnerable (a decoded header in a V8 context that has a bridge to the host)
func hook(w http.ResponseWriter, r *http.Request) {
	source, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Hook"))
	if err != nil {
		return
	}
	isolate := v8.NewIsolate()
	global := v8.NewObjectTemplate(isolate)
	global.Set("exec", v8.NewFunctionTemplate(isolate, func(info *v8.FunctionCallbackInfo) *v8.Value {
		exec.Command(info.Args()[0].String()).Run()
		return nil
	}))
	ctx := v8.NewContext(isolate, global)
	if _, err := ctx.RunScript(string(source), "hook.js"); err != nil {
		http.Error(w, "failed", http.StatusBadRequest)
	}
}

// case: safe (custom rules are switched off by a constant)
func hookNext(w http.ResponseWriter, r *http.Request) {
	source := "1 + 1"
	if customRules {
		source = r.Header.Get("X-Hook")
	}
	isolate := v8.NewIsolate()
	ctx := v8.NewContext(isolate)
	if _, err := ctx.RunScript(source, "hook.js"); err != nil {
		http.Error(w, "failed", http.StatusBadRequest)
	}
}

// case: vulnerable (websocket messages are run one after the other)
func console(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	runtime := goja.New()
	runtime.Set("remove", os.RemoveAll)
	for {
		_, line, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if _, err := runtime.RunString(string(line)); err != nil {
			return
		}
	}
}

// case: safe (the function is compiled once from a constant, the message is its argument)
func consoleV2(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	runtime := goja.New()
	if _, err := runtime.RunString("function upper(text) { return text.toUpperCase() }"); err != nil {
		return
	}
	upper, _ := goja.AssertFunction(runtime.Get("upper"))
	_, line, err := conn.ReadMessage()
	if err != nil {
		return
	}
	if _, err := upper(goja.Undefined(), runtime.ToValue(string(bytes.TrimSpace(line)))); err != nil {
		return
	}
}

// case: vulnerable (the method's name is the client's)
func actionAlt(c *fiber.Ctx) error {
	actions := &Actions{tenant: "acme"}
	method := reflect.ValueOf(actions).MethodByName(c.Params("action"))
	if method.IsValid() {
		method.Call([]reflect.Value{reflect.ValueOf(c.Query("text"))})
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// case: safe (a table of functions, the request only picks)
func action(c *fiber.Ctx) error {
	actions := &Actions{tenant: "acme"}
	table := map[string]func(string) error{"notify": actions.Notify}
	if call, ok := table[c.Params("action")]; ok {
		return call(c.Query("text"))
	}
	return fiber.ErrNotFound
}
