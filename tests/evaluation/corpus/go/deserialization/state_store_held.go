// Package state keeps carts and workflows of visitors between requests.
package state

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/rpc"
	"os"
	"os/exec"
	"reflect"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
	"gopkg.in/yaml.v3"
)

// Step is one thing that a workflow does.
type Step interface{ Do() error }

// Copy copies a file.
type Copy struct{ From, To string }

// Do copies.
func (s Copy) Do() error { return exec.Command("cp", "--", s.From, s.To).Run() }

// Remove deletes a folder.
type Remove struct{ Path string }

// Do deletes.
func (s Remove) Do() error { return os.RemoveAll(s.Path) }

// Workflow is a list of steps.
type Workflow struct{ Steps []Step }

// Cart is what a visitor wants to buy; the price was computed when it was put there.
type Cart struct {
	Items []string
	Price int
	Staff bool
}

var (
	upgrader = websocket.Upgrader{}
	cookies  = securecookie.New([]byte(os.Getenv("HASH_KEY")), []byte(os.Getenv("BLOCK_KEY")))
	kinds    = map[string]reflect.Type{
		"copy":   reflect.TypeOf(Copy{}),
		"remove": reflect.TypeOf(Remove{}),
	}
)

func init() {
	gob.Register(Copy{})
	gob.Register(Remove{})
}

// Included reads `!include` from the file that stands behind it.
type Included struct{ Text string }

// UnmarshalYAML follows the tag.
func (i *Included) UnmarshalYAML(node *yaml.Node) error {
	if node.Tag == "!include" {
		content, err := os.ReadFile(node.Value)
		i.Text = string(content)
		return err
	}
	i.Text = node.Value
	return nil
}

// case: vulnerable
func runWorkflow(c echo.Context) error {
	var flow Workflow
	if err := gob.NewDecoder(c.Request().Body).Decode(&flow); err != nil {
		return echo.ErrBadRequest
	}
	for _, step := range flow.Steps {
		if err := step.Do(); err != nil {
			return echo.ErrInternalServerError
		}
	}
	return c.NoContent(http.StatusNoContent)
}

// case: safe (bound from JSON into strings and numbers, which are only stored)
func saveDraft(c echo.Context) error {
	var draft struct {
		Title string `json:"title"`
		Count int    `json:"count"`
	}
	if err := c.Bind(&draft); err != nil {
		return echo.ErrBadRequest
	}
	return c.JSON(http.StatusOK, draft)
}

// case: vulnerable (the cart with its price comes back from a hidden field)
func checkout(c echo.Context) error {
	reader := base64.NewDecoder(base64.StdEncoding, strings.NewReader(c.FormValue("cart")))
	decoder := gob.NewDecoder(reader)
	cart := Cart{}
	if err := decoder.Decode(&cart); err != nil {
		return echo.ErrBadRequest
	}
	if cart.Staff {
		cart.Price /= 2
	}
	return c.JSON(http.StatusOK, cart.Price)
}

// case: safe (securecookie verifies and decrypts before it decodes)
func checkoutNext(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("cart")
	if err != nil {
		return
	}
	cart := Cart{}
	if err := cookies.Decode("cart", cookie.Value, &cart); err != nil {
		http.Error(w, "bad cart", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(cart.Price)
}

// case: vulnerable (the YAML's tags make the server read files)
func importNotes(w http.ResponseWriter, r *http.Request) {
	var notes map[string]Included
	if err := yaml.NewDecoder(r.Body).Decode(&notes); err != nil {
		http.Error(w, "bad notes", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(notes)
}

// case: safe (the same decoder over strings, which have no tags of ours)
func importTexts(w http.ResponseWriter, r *http.Request) {
	var notes map[string]string
	if err := yaml.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&notes); err != nil {
		http.Error(w, "bad notes", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(notes)
}

// case: vulnerable (the type is named in the document, made by reflection and run)
func polymorphic(c *fiber.Ctx) error {
	var document struct {
		Kind string          `json:"kind"`
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(c.Body(), &document); err != nil {
		return fiber.ErrBadRequest
	}
	kind, known := kinds[document.Kind]
	if !known {
		return fiber.ErrBadRequest
	}
	value := reflect.New(kind)
	if err := json.Unmarshal(document.Body, value.Interface()); err != nil {
		return fiber.ErrBadRequest
	}
	return value.Interface().(Step).Do()
}

// case: vulnerable (compressed gob over a websocket)
func sync(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(message))
		if err != nil {
			return
		}
		var step Step
		if err := gob.NewDecoder(unpacked).Decode(&step); err != nil {
			return
		}
		step.Do()
	}
}

// case: safe (XML into plain values)
func feed(w http.ResponseWriter, r *http.Request) {
	var item struct {
		Title string `xml:"title"`
	}
	if err := xml.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&item); err != nil {
		http.Error(w, "bad feed", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(item)
}

// case: safe (the buffer that is decoded was filled from a constant)
func example(c *fiber.Ctx) error {
	source := bytes.NewBufferString(c.Query("state"))
	source.Reset()
	if err := gob.NewEncoder(source).Encode(Cart{Items: []string{"tea"}, Price: 3}); err != nil {
		return fiber.ErrInternalServerError
	}
	cart := Cart{}
	if err := gob.NewDecoder(source).Decode(&cart); err != nil {
		return fiber.ErrInternalServerError
	}
	return c.JSON(cart)
}

// case: safe (an RPC client of our own service behind a Unix socket)
func prices(w http.ResponseWriter, r *http.Request) {
	client, err := rpc.DialHTTP("unix", "/run/prices.sock")
	if err != nil {
		http.Error(w, "no prices", http.StatusBadGateway)
		return
	}
	defer client.Close()
	var price int
	if err := client.Call("Prices.Of", r.FormValue("item"), &price); err == nil {
		json.NewEncoder(w).Encode(price)
	}
}

// case: safe (the value is decoded from JSON as text and compared, nothing is made of it)
func vote(c *fiber.Ctx) error {
	var choice string
	if err := json.Unmarshal(c.Body(), &choice); err != nil {
		return fiber.ErrBadRequest
	}
	if choice != "yes" && choice != "no" {
		return fiber.ErrBadRequest
	}
	return c.SendStatus(fiber.StatusNoContent)
}
