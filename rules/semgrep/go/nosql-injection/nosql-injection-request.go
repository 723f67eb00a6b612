package members

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"
)

type login struct {
	Name     string      `json:"name"`
	Password interface{} `json:"password"`
}

type service struct {
	members *mongo.Collection
}

func (s *service) filter(w http.ResponseWriter, r *http.Request) {
	var filter bson.M
	if err := json.NewDecoder(r.Body).Decode(&filter); err != nil {
		return
	}
	// ruleid: go-nosql-injection-request
	s.members.Find(r.Context(), filter)
}

func (s *service) where(c *gin.Context) {
	name := c.Query("name")
	// ruleid: go-nosql-injection-request
	s.members.Find(c, bson.M{"$where": "this.name == '" + name + "'"})
	// ok: go-nosql-injection-request
	s.members.Find(c, bson.M{"name": name})
	// ok: go-nosql-injection-request
	s.members.Find(c, bson.D{{Key: "name", Value: name}})
	// ruleid: go-nosql-injection-request
	s.members.Find(c, bson.D{{Key: c.Query("field"), Value: name}})
	var parsed bson.D
	// ruleid: go-nosql-injection-request
	bson.UnmarshalExtJSON([]byte(c.Query("filter")), true, &parsed)
}

func (s *service) login(c *gin.Context) {
	var in login
	if err := c.BindJSON(&in); err != nil {
		return
	}
	// ruleid: go-nosql-injection-request
	s.members.FindOne(c, bson.M{"name": in.Name, "password": in.Password})
	// ok: go-nosql-injection-request
	s.members.FindOne(c, bson.M{"name": in.Name})
}

func (s *service) byMap(c *gin.Context) {
	var in map[string]interface{}
	c.BindJSON(&in)
	// ruleid: go-nosql-injection-request
	s.members.FindOne(c, bson.M{"name": in["name"]})
}

func (s *service) built(c *gin.Context) {
	filter := bson.M{}
	if name := c.Query("name"); name != "" {
		filter["name"] = name
	}
	// ok: go-nosql-injection-request
	s.members.Find(c, filter)
	id, err := primitive.ObjectIDFromHex(c.Param("id"))
	if err != nil {
		return
	}
	// ok: go-nosql-injection-request
	s.members.FindOne(c, bson.M{"_id": id})
	age, _ := strconv.Atoi(c.Query("age"))
	// ok: go-nosql-injection-request
	s.members.Find(c, bson.M{"$where": "this.age > " + strconv.Itoa(age)})
}
