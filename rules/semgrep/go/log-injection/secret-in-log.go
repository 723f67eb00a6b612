package audit

import "log"

type account struct {
	Name, Password string
}

func register(name, password string, one account) {
	// ruleid: go-secret-in-log
	log.Printf("register %q with %q", name, password)
	// ruleid: go-secret-in-log
	log.Println("stored", one.Password)
	// ok: go-secret-in-log
	log.Printf("register %q", name)
	// ok: go-secret-in-log
	log.Printf("a password of %d letters", len(password))
	// ok: go-secret-in-log
	log.Print("password is wrong")
}
