// Package tickets keeps tickets in MongoDB and counters in Redis.
package tickets

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
)

type desk struct {
	tickets *mongo.Collection
	redis   *redis.Client
}

const scripted = false

func clean(value string) string { return strings.ReplaceAll(value, "\"", "") }

// case: vulnerable
func (d *desk) search(c *gin.Context) {
	filter := bson.D{{Key: "$where", Value: "this.title.includes('" + c.Query("title") + "')"}}
	if _, err := d.tickets.Find(c, filter); err != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// case: safe (the text search takes it as text)
func (d *desk) text(c *gin.Context) {
	filter := bson.D{{Key: "$text", Value: bson.M{"$search": c.Query("title")}}}
	if _, err := d.tickets.Find(c, filter); err != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// case: vulnerable (bound into a filter of any shape)
func (d *desk) filter(c *gin.Context) {
	filter := bson.M{}
	if err := c.ShouldBindJSON(&filter); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	if _, err := d.tickets.DeleteMany(c, filter); err != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// case: vulnerable (double quotes are removed, the code stands in single ones)
func (d *desk) ownerNext(c echo.Context) error {
	code := "function() { return this.owner == '" + clean(c.QueryParam("owner")) + "' }"
	count, err := d.tickets.CountDocuments(c.Request().Context(), bson.M{"$where": code})
	if err != nil {
		return echo.ErrInternalServerError
	}
	return c.JSON(http.StatusOK, count)
}

// case: safe (the JavaScript is behind a constant that is false)
func (d *desk) owner(c echo.Context) error {
	filter := bson.M{"owner": c.QueryParam("owner")}
	if scripted {
		filter = bson.M{"$where": "this.owner == '" + c.QueryParam("owner") + "'"}
	}
	count, err := d.tickets.CountDocuments(c.Request().Context(), filter)
	if err != nil {
		return echo.ErrInternalServerError
	}
	return c.JSON(http.StatusOK, count)
}

// case: safe (the body has any shape, but what is no string is refused)
func (d *desk) state(c *fiber.Ctx) error {
	var given map[string]interface{}
	if err := json.Unmarshal(c.Body(), &given); err != nil {
		return fiber.ErrBadRequest
	}
	state, ok := given["state"].(string)
	if !ok {
		return fiber.ErrBadRequest
	}
	if err := d.tickets.FindOne(c.Context(), bson.M{"state": bson.M{"$eq": state}}).Err(); err != nil {
		return fiber.ErrNotFound
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// case: vulnerable (a Lua script for Redis with the value in it)
func (d *desk) count(w http.ResponseWriter, r *http.Request) {
	script := "return redis.call('INCR', 'ticket:" + r.FormValue("queue") + "')"
	if err := d.redis.Eval(r.Context(), script, nil).Err(); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (the script is constant, the value is a key)
func (d *desk) countV2(w http.ResponseWriter, r *http.Request) {
	script := "return redis.call('INCR', KEYS[1])"
	if err := d.redis.Eval(r.Context(), script, []string{"ticket:" + r.FormValue("queue")}).Err(); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}

// case: safe (an update whose values are strings)
func (d *desk) assign(w http.ResponseWriter, r *http.Request) {
	update := bson.M{"$set": bson.M{"assignee": r.PostFormValue("assignee")}}
	if _, err := d.tickets.UpdateOne(r.Context(), bson.M{"number": r.PostFormValue("number")}, update); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
	}
}
