package visit

import "net/http"

func remember(w http.ResponseWriter, r *http.Request, password, token string) {
	cookie := &http.Cookie{Name: "remember", Secure: true, HttpOnly: true}
	// ruleid: go-secret-in-cookie
	cookie.Value = r.PostFormValue("password")
	http.SetCookie(w, cookie)
	// ruleid: go-secret-in-cookie
	http.SetCookie(w, &http.Cookie{Name: "p", Value: password, Secure: true, HttpOnly: true})
	// ok: go-secret-in-cookie
	http.SetCookie(w, &http.Cookie{Name: "t", Value: token, Secure: true, HttpOnly: true})
}
