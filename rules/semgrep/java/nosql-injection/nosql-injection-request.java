import com.mongodb.client.model.Filters;
import org.bson.Document;
import org.springframework.data.mongodb.core.query.*;
import org.springframework.web.bind.annotation.*;

class Search {
    @GetMapping("/find")
    Object find(@RequestParam String name) {
        // ruleid: java-nosql-injection-request
        Object first = new BasicQuery("{name: '" + name + "'}");
        // ruleid: java-nosql-injection-request
        Object second = Document.parse("{\"name\": \"" + name + "\"}");
        // ok: java-nosql-injection-request
        Object third = Filters.eq("name", name);
        // ok: java-nosql-injection-request
        Object fourth = new Query(Criteria.where("name").is(name));
        return first;
    }
}
