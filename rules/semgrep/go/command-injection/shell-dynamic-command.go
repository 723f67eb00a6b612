package tools

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

func unpack(name string) error {
	// ruleid: go-shell-dynamic-command
	return exec.Command("sh", "-c", "tar -xf "+name).Run()
}

func report(name string) error {
	line := fmt.Sprintf("report --name %s", name)
	// ruleid: go-shell-dynamic-command
	return exec.Command("/bin/bash", "-c", line).Run()
}

func fromCaller() error {
	// ruleid: go-shell-dynamic-command
	return exec.Command("bash", "-c", "echo "+os.Args[1]).Run()
}

func direct(name string) error {
	// ok: go-shell-dynamic-command
	return exec.Command("tar", "-xf", name).Run()
}

func ready(line string) error {
	// ok: go-shell-dynamic-command
	return exec.Command("sh", "-c", line).Run()
}

func counted(times int) error {
	// ok: go-shell-dynamic-command
	return exec.Command("sh", "-c", "seq "+strconv.Itoa(times)).Run()
}
