// Package products searches the product collection.
package products

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
)

type shop struct{ products *mongo.Collection }

type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

var fields = map[string]bool{"name": true, "brand": true}

// case: vulnerable
func (s shop) where(w http.ResponseWriter, r *http.Request) {
	filter := bson.M{"$where": "this.brand == '" + r.FormValue("brand") + "'"}
	if _, err := s.products.Find(r.Context(), filter); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (a string that is compared for equality)
func (s shop) brand(w http.ResponseWriter, r *http.Request) {
	filter := bson.M{"brand": r.FormValue("brand")}
	if _, err := s.products.Find(r.Context(), filter); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: vulnerable (a JSON body of any shape is the filter, operators included)
func (s shop) find(w http.ResponseWriter, r *http.Request) {
	var filter map[string]interface{}
	if err := json.NewDecoder(r.Body).Decode(&filter); err != nil {
		http.Error(w, "bad filter", http.StatusBadRequest)
		return
	}
	if _, err := s.products.Find(r.Context(), filter); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (the body's fields are strings by type)
func (s shop) login(w http.ResponseWriter, r *http.Request) {
	var given credentials
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	filter := bson.D{{Key: "name", Value: given.Name}, {Key: "password", Value: given.Password}}
	if err := s.products.FindOne(r.Context(), filter).Err(); err != nil {
		http.Error(w, "wrong", http.StatusUnauthorized)
	}
}

// case: vulnerable (the value of a field may be an object such as {"$ne": ""})
func (s shop) enter(w http.ResponseWriter, r *http.Request) {
	var given map[string]interface{}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		return
	}
	filter := bson.M{"name": given["name"], "password": given["password"]}
	if err := s.products.FindOne(r.Context(), filter).Err(); err != nil {
		http.Error(w, "wrong", http.StatusUnauthorized)
	}
}

// case: safe (an identifier is parsed)
func (s shop) one(w http.ResponseWriter, r *http.Request) {
	id, err := primitive.ObjectIDFromHex(mux.Vars(r)["id"])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if err := s.products.FindOne(r.Context(), bson.M{"_id": id}).Err(); err != nil {
		http.NotFound(w, r)
	}
}

// case: vulnerable (extended JSON put together as text)
func (s shop) cheaperTwo(w http.ResponseWriter, r *http.Request) {
	text := fmt.Sprintf(`{"price": {"$lt": %s}, "hidden": false}`, r.URL.Query().Get("price"))
	var filter bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), true, &filter); err != nil {
		return
	}
	if _, err := s.products.Find(r.Context(), filter); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (a number)
func (s shop) cheaper(w http.ResponseWriter, r *http.Request) {
	price, err := strconv.Atoi(r.URL.Query().Get("price"))
	if err != nil {
		http.Error(w, "bad price", http.StatusBadRequest)
		return
	}
	if _, err := s.products.Find(r.Context(), bson.M{"price": bson.M{"$lt": price}}); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (the pattern is quoted, the field is one of the list)
func (s shop) like(w http.ResponseWriter, r *http.Request) {
	field := r.FormValue("field")
	if !fields[field] {
		http.Error(w, "bad field", http.StatusBadRequest)
		return
	}
	pattern := "^" + regexp.QuoteMeta(strings.TrimSpace(r.FormValue("q")))
	filter := bson.M{field: primitive.Regex{Pattern: pattern, Options: "i"}}
	if _, err := s.products.Find(r.Context(), filter); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}
