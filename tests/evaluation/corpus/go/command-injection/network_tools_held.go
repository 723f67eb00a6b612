// Package nettools gives the help desk ping, traceroute and friends in the browser.
package nettools

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"
)

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

const traceEnabled = false

type shell struct {
	program string
}

func quoted(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func firstWord(value string) string {
	return strings.TrimSpace(value)
}

func defaultHost(string) string {
	return "gateway.internal"
}

// case: vulnerable
func ping(c *gin.Context) {
	host := c.Query("host")
	out, err := exec.Command("bash", "-c", "ping -c 3 "+host).CombinedOutput()
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	c.JSON(http.StatusOK, gin.H{"output": string(out)})
}

// case: safe (only what parses as an address goes on, and it is written anew)
func pingTwo(c *gin.Context) {
	address := net.ParseIP(c.Query("host"))
	if address == nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	out, err := exec.Command("bash", "-c", "ping -c 3 "+address.String()).CombinedOutput()
	if err != nil {
		c.Status(http.StatusBadGateway)
		return
	}
	c.JSON(http.StatusOK, gin.H{"output": string(out)})
}

// case: vulnerable (the helper passes the value through)
func traceroute(c echo.Context) error {
	host := firstWord(c.QueryParam("host"))
	out, err := exec.Command("sh", "-c", strings.Join([]string{"traceroute", "-m", "12", host}, " ")).Output()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadGateway)
	}
	return c.JSON(http.StatusOK, map[string]string{"output": string(out)})
}

// case: safe (the helper gives a constant whatever it is handed)
func traceGateway(c echo.Context) error {
	host := defaultHost(c.QueryParam("host"))
	out, err := exec.Command("sh", "-c", "traceroute -m 12 "+host).Output()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadGateway)
	}
	return c.JSON(http.StatusOK, map[string]string{"output": string(out)})
}

// case: vulnerable (a struct's method holds the sink)
func lookup(c *fiber.Ctx) error {
	sh := &shell{program: "/bin/sh"}
	out, err := sh.run("dig +short " + c.Params("domain"))
	if err != nil {
		return fiber.ErrBadGateway
	}
	return c.JSON(fiber.Map{"answer": string(out)})
}

func (s *shell) run(line string) ([]byte, error) {
	return exec.Command(s.program, "-c", line).CombinedOutput()
}

// case: safe (the value is in single quotes and its own quotes are closed and escaped)
func lookupTwo(c *fiber.Ctx) error {
	sh := &shell{program: "/bin/sh"}
	out, err := sh.run("dig +short TXT -q " + quoted(c.Params("domain")))
	if err != nil {
		return fiber.ErrBadGateway
	}
	return c.JSON(fiber.Map{"answer": string(out)})
}

// case: vulnerable (the line is written to a shell's standard input)
func session(w http.ResponseWriter, r *http.Request) {
	cmd := exec.Command("bash")
	input, err := cmd.StdinPipe()
	if err != nil {
		return
	}
	if err := cmd.Start(); err != nil {
		return
	}
	io.WriteString(input, "nmap -F "+r.FormValue("target")+"\n")
	input.Close()
	cmd.Wait()
}

// case: safe (membership of a list is checked and the handler returns)
func scan(w http.ResponseWriter, r *http.Request) {
	target := r.FormValue("target")
	known := false
	for _, host := range []string{"mail.internal", "git.internal", "wiki.internal"} {
		if host == target {
			known = true
			break
		}
	}
	if !known {
		http.Error(w, "unknown host", http.StatusForbidden)
		return
	}
	out, _ := exec.Command("sh", "-c", "nmap -F "+target+" | tail -n 5").Output()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(out)
}

// case: vulnerable (websocket messages)
func terminal(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		out, _ := exec.Command("/bin/sh", "-c", "whois "+string(message)).CombinedOutput()
		if conn.WriteMessage(kind, out) != nil {
			return
		}
	}
}

// case: vulnerable (the query string is taken apart by hand, then os.StartProcess)
func capture(w http.ResponseWriter, r *http.Request) {
	device := "eth0"
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		if strings.HasPrefix(pair, "device=") {
			device, _ = url.QueryUnescape(strings.TrimPrefix(pair, "device="))
		}
	}
	process, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "tcpdump -c 50 -i " + device}, &os.ProcAttr{})
	if err == nil {
		process.Wait()
	}
}

// case: safe (the flag is a constant that is false)
func verbose(w http.ResponseWriter, r *http.Request) {
	options := "-q"
	if traceEnabled {
		options = r.FormValue("options")
	}
	out, _ := exec.Command("sh", "-c", "ip "+options+" route show").Output()
	w.Header().Set("Content-Type", "text/plain")
	w.Write(out)
}

// case: safe (the value is data on standard input of a constant command)
func count(w http.ResponseWriter, r *http.Request) {
	cmd := exec.Command("sh", "-c", "wc -l | tr -d ' '")
	cmd.Stdin = strings.NewReader(r.FormValue("text"))
	out, err := cmd.Output()
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Write(out)
}

// case: vulnerable (removing semicolons leaves pipes and substitutions)
func banner(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("last_host")
	if errors.Is(err, http.ErrNoCookie) {
		return
	}
	host := strings.ReplaceAll(cookie.Value, ";", "")
	if err := syscall.Exec("/bin/sh", []string{"sh", "-c", "nc -w 2 " + host + " 22"}, os.Environ()); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (what is read comes from a file of the server's own)
func neighbours(w http.ResponseWriter, r *http.Request) {
	file, err := os.Open("/etc/nettools/hosts")
	if err != nil {
		return
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		exec.Command("ping", "-c", "1", lines.Text()).Run()
	}
	w.WriteHeader(http.StatusNoContent)
}

// case: vulnerable (through a channel to a worker)
func background(w http.ResponseWriter, r *http.Request) {
	hosts := make(chan string, 1)
	hosts <- r.FormValue("host")
	close(hosts)
	for host := range hosts {
		exec.Command("sh", "-c", "mtr --report "+host).Run()
	}
	w.WriteHeader(http.StatusAccepted)
}

// case: safe (the worker's channel carries constants)
func sweep(w http.ResponseWriter, r *http.Request) {
	hosts := make(chan string, 2)
	asked := r.FormValue("host")
	hosts <- "mail.internal"
	hosts <- "git.internal"
	close(hosts)
	for host := range hosts {
		exec.Command("sh", "-c", "mtr --report "+host).Run()
	}
	w.Header().Set("X-Asked", url.QueryEscape(asked))
}
