package com.northwind.tickets;

import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.springframework.data.mongodb.core.MongoTemplate;
import org.springframework.data.mongodb.core.query.BasicQuery;
import org.springframework.data.mongodb.core.query.Criteria;
import org.springframework.data.mongodb.core.query.Query;
import org.springframework.data.mongodb.repository.MongoRepository;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class TicketControllerHeld {
    private final MongoTemplate mongo;

    public TicketControllerHeld(MongoTemplate mongo) {
        this.mongo = mongo;
    }

    // case: vulnerable
    @GetMapping("/tickets")
    public List<Document> owned(@RequestParam String owner) {
        BasicQuery query = new BasicQuery("{ \"owner\": \"" + owner + "\" }");
        return mongo.find(query, Document.class, "tickets");
    }

    // case: safe (criteria)
    @GetMapping("/tickets/{owner}")
    public List<Document> of(@PathVariable String owner) {
        Query query = Query.query(Criteria.where("owner").is(owner));
        return mongo.find(query, Document.class, "tickets");
    }

    // case: vulnerable (a command to the database, put together by format)
    @PostMapping("/tickets/count")
    public Document count(@RequestBody Map<String, String> body) {
        String command = String.format("{ count: 'tickets', query: { state: '%s' } }", body.get("state"));
        return mongo.executeCommand(command);
    }

    // case: safe (placeholder of Spring Data)
    interface Tickets extends MongoRepository<Document, String> {
        @org.springframework.data.mongodb.repository.Query("{ 'state': ?0, 'archived': false }")
        List<Document> inState(String state);
    }

    // case: safe (the request's value is overwritten before the text is made)
    @GetMapping("/tickets/open")
    public List<Document> open(@RequestParam String state) {
        String[] states = {state, "closed"};
        states[0] = "open";
        return mongo.find(new BasicQuery("{ state: '" + states[0] + "' }"), Document.class, "tickets");
    }
}
