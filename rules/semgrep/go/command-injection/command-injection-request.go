package tools

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/ssh"
)

var hostName = regexp.MustCompile(`^[a-z0-9.-]+$`)

var anyHost = regexp.MustCompile(`[a-z0-9.-]+`)

func ping(w http.ResponseWriter, r *http.Request) {
	host := r.FormValue("host")
	// ruleid: go-command-injection-request
	out, _ := exec.Command("sh", "-c", "ping -c 1 "+host).Output()
	w.Write(out)
	// ok: go-command-injection-request
	exec.Command("ping", "-c", "1", host).Run()
	// ruleid: go-command-injection-request
	exec.CommandContext(r.Context(), "/bin/bash", "-c", fmt.Sprintf("dig %s", host)).Run()
	args := []string{"-c", "host " + host}
	// ruleid: go-command-injection-request
	exec.Command("bash", args...).Run()
	safe := []string{"-c", "1", host}
	// ok: go-command-injection-request
	exec.Command("ping", safe...).Run()
	// ruleid: go-command-injection-request
	exec.Command("cmd.exe", "/C", "ping "+host).Run()
}

func program(c *gin.Context) {
	tool := c.Param("tool")
	// ruleid: go-command-injection-request
	exec.Command(tool, "--version").Run()
	parts := strings.Fields(c.PostForm("line"))
	// ruleid: go-command-injection-request
	exec.Command(parts[0], parts[1:]...).Run()
	// ruleid: go-command-injection-request
	syscall.Exec(c.Query("path"), nil, nil)
	cmd := exec.Command("sh")
	// ruleid: go-command-injection-request
	cmd.Args = append(cmd.Args, "-c", c.Query("line"))
	shell := "bash"
	// ruleid: go-command-injection-request
	exec.Command(shell, "-lc", "echo "+tool).Run()
	// ruleid: go-command-injection-request
	cmd.Stdin = strings.NewReader("rm " + tool)
}

func remote(client *ssh.Client, c *gin.Context) {
	session, _ := client.NewSession()
	// ruleid: go-command-injection-request
	session.Run("systemctl restart " + c.Query("unit"))
}

func checked(ctx context.Context, c *gin.Context) {
	host := c.Query("host")
	if !hostName.MatchString(host) {
		return
	}
	// ok: go-command-injection-request
	exec.CommandContext(ctx, "sh", "-c", "ping -c 1 "+host).Run()
}

func looselyChecked(c *gin.Context) {
	host := c.Query("host")
	if !anyHost.MatchString(host) {
		return
	}
	// ruleid: go-command-injection-request
	exec.Command("sh", "-c", "ping -c 1 "+host).Run()
}

func chosen(c *gin.Context) {
	tool := "ping"
	switch c.Query("tool") {
	case "trace":
		tool = "traceroute"
	case "name":
		tool = "dig"
	}
	// ok: go-command-injection-request
	exec.Command(tool, "example.org").Run()
	asked := c.Query("other")
	if asked != "dig" && asked != "host" {
		c.Status(400)
		return
	}
	// ok: go-command-injection-request
	exec.Command(asked, "example.org").Run()
}
