package com.northwind.filters;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class FiltersHeld {
    private final List<String> messages = new ArrayList<>();

    // case: vulnerable
    @GetMapping("/messages")
    public List<String> messages(@RequestParam String filter) {
        Pattern pattern = Pattern.compile(".*" + filter + ".*", Pattern.DOTALL);
        return messages.stream().filter(message -> pattern.matcher(message).matches()).toList();
    }

    // case: safe (letters and spaces only)
    @GetMapping("/messages/words")
    public long words(@RequestParam String words) {
        if (!words.matches("[A-Za-z ]{1,40}")) {
            return 0;
        }
        return messages.stream().filter(Pattern.compile(words).asPredicate()).count();
    }

    // case: vulnerable (replaceAll takes an expression)
    @PostMapping("/messages/redact")
    public String redact(@RequestBody Map<String, String> body) {
        return body.get("text").replaceAll(body.get("hide"), "***");
    }

    // case: safe (an expression written here splits the request's text)
    @PostMapping("/messages/split")
    public int split(@RequestBody String text) {
        return text.split("\\s*;\\s*", 100).length;
    }

    // case: safe (the header only decides about a flag)
    @GetMapping("/messages/errors")
    public long errors(@RequestHeader("X-Case") String sensitive) {
        int flags = "no".equals(sensitive) ? Pattern.CASE_INSENSITIVE : 0;
        Pattern pattern = Pattern.compile("error", flags);
        return messages.stream().filter(pattern.asPredicate()).count();
    }
}
