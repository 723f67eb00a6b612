// Package connectors talks to the systems that customers have connected.
package connectors

import (
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-resty/resty/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
	"github.com/valyala/fasthttp"
)

var (
	upgrader = websocket.Upgrader{}
	trusted  = map[string]bool{"hooks.example.org": true, "ci.example.org": true}
)

type source struct {
	Name string `json:"name" query:"name"`
	URL  string `json:"url" query:"url"`
}

func normalized(address string) string { return strings.TrimSpace(strings.ToLower(address)) }

func fallback(address string) string { return "https://hooks.example.org/ping" }

func allowed(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme == "https" && trusted[parsed.Host]
}

// case: vulnerable
func checkPage(c *gin.Context) {
	response, err := http.Get(c.Query("endpoint"))
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	c.JSON(http.StatusOK, gin.H{"status": response.StatusCode})
}

// case: safe (a helper compares the host with the trusted ones, and the handler stops)
func checkNext(c *gin.Context) {
	endpoint := c.Query("endpoint")
	if !allowed(endpoint) {
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	response, err := http.Get(endpoint)
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	c.JSON(http.StatusOK, gin.H{"status": response.StatusCode})
}

// case: vulnerable (the check's answer is not used to stop)
func check(c *gin.Context) {
	endpoint := c.Query("endpoint")
	if !allowed(endpoint) {
		c.Header("X-Warning", "unknown host")
	}
	response, err := http.Get(endpoint)
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	response.Body.Close()
}

// case: vulnerable (resty, bound from JSON)
func testAlt(c *gin.Context) {
	var s source
	if err := c.ShouldBindJSON(&s); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	response, err := resty.New().R().SetHeader("X-Probe", s.Name).Get(s.URL)
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": response.StatusCode()})
}

// case: safe (the request's value goes into a parameter of a fixed address)
func test(c *gin.Context) {
	var s source
	if err := c.ShouldBindJSON(&s); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	response, err := resty.New().R().SetQueryParam("name", s.Name).Get("https://ci.example.org/projects")
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": response.StatusCode()})
}

// case: vulnerable (the helper only trims)
func pullV2(c echo.Context) error {
	address := normalized(c.FormValue("repository"))
	request, err := http.NewRequest("GET", address+"/info/refs", nil)
	if err != nil {
		return echo.ErrBadRequest
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadGateway)
	}
	defer response.Body.Close()
	return c.Stream(http.StatusOK, "application/octet-stream", response.Body)
}

// case: safe (the helper's answer is a constant)
func pull(c echo.Context) error {
	address := fallback(c.FormValue("repository"))
	response, err := http.Get(address)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadGateway)
	}
	defer response.Body.Close()
	return c.NoContent(response.StatusCode)
}

// case: vulnerable (fasthttp)
func mirror(c *fiber.Ctx) error {
	code, body, err := fasthttp.Get(nil, c.Query("from"))
	if err != nil || code != fasthttp.StatusOK {
		return fiber.ErrBadGateway
	}
	return c.Send(body)
}

// case: safe (the branch with the request's value is never taken)
func mirrorAlt(c *fiber.Ctx) error {
	from := "https://ci.example.org/artifacts"
	for false {
		from = c.Query("from")
	}
	code, body, err := fasthttp.Get(nil, from)
	if err != nil || code != fasthttp.StatusOK {
		return fiber.ErrBadGateway
	}
	return c.Send(body)
}

// case: vulnerable (a reverse proxy towards the header's host)
func relayNext(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse("http://" + r.Header.Get("X-Upstream"))
	if err != nil {
		http.Error(w, "bad upstream", http.StatusBadRequest)
		return
	}
	httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
}

// case: safe (a reverse proxy towards a constant)
func relay(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse("http://127.0.0.1:9000")
	if err != nil {
		return
	}
	r.Header.Set("X-Forwarded-Host", r.Host)
	httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
}

// case: vulnerable (URL built from parts, the host among them)
func reportAlt(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	target := url.URL{Scheme: "https", Host: r.PostForm.Get("host"), Path: "/report"}
	response, err := http.Post(target.String(), "text/plain", strings.NewReader("report"))
	if err != nil {
		http.Error(w, "failed", http.StatusBadGateway)
		return
	}
	response.Body.Close()
}

// case: safe (URL built from parts, the request gives a query value only)
func report(w http.ResponseWriter, r *http.Request) {
	target := url.URL{Scheme: "https", Host: "hooks.example.org", Path: "/report"}
	values := target.Query()
	values.Set("subject", r.PostFormValue("subject"))
	target.RawQuery = values.Encode()
	response, err := http.Get(target.String())
	if err != nil {
		http.Error(w, "failed", http.StatusBadGateway)
		return
	}
	response.Body.Close()
}

// case: vulnerable (websocket in, websocket out)
func bridge(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	_, message, err := conn.ReadMessage()
	if err != nil {
		return
	}
	other, _, err := websocket.DefaultDialer.Dial(string(message), nil)
	if err != nil {
		return
	}
	defer other.Close()
	_, answer, err := other.ReadMessage()
	if err == nil {
		conn.WriteMessage(websocket.TextMessage, answer)
	}
}

// case: safe (the map's constant entry is fetched)
func feed(w http.ResponseWriter, r *http.Request) {
	addresses := make(map[string]string)
	addresses["custom"] = r.FormValue("feed")
	addresses["news"] = "https://hooks.example.org/feed.xml"
	response, err := http.Get(addresses["news"])
	if err != nil {
		return
	}
	defer response.Body.Close()
	w.Header().Set("Content-Type", "application/xml")
	io.Copy(w, io.LimitReader(response.Body, 1<<20))
}
