import org.springframework.http.*;
import org.springframework.web.bind.annotation.*;
import org.springframework.web.util.HtmlUtils;

@RestController
class Greetings {
    @GetMapping("/hello")
    String hello(@RequestParam String name) {
        // ruleid: java-xss-returned-request
        return "<h1>Hello " + name + "</h1>";
    }

    @GetMapping("/clean")
    String clean(@RequestParam String name) {
        // ok: java-xss-returned-request
        return "<h1>Hello " + HtmlUtils.htmlEscape(name) + "</h1>";
    }

    @GetMapping(value = "/text", produces = MediaType.TEXT_PLAIN_VALUE)
    String text(@RequestParam String name) {
        // ok: java-xss-returned-request
        return "Hello " + name;
    }

    @GetMapping("/body")
    ResponseEntity<String> body(@RequestParam String name) {
        // ruleid: java-xss-returned-request
        return ResponseEntity.ok("Hello " + name);
    }

    @GetMapping("/object")
    ResponseEntity<Greeting> object(@RequestParam String name) {
        // ok: java-xss-returned-request
        return ResponseEntity.ok(new Greeting(name));
    }
}
