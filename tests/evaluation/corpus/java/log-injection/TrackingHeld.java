package com.northwind.tracking;

import java.util.HashMap;
import java.util.Map;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class TrackingHeld {
    private static final Logger LOG = LogManager.getLogger();

    enum Kind { CLICK, VIEW }

    // case: vulnerable
    @GetMapping("/track")
    public void track(@RequestParam String campaign) {
        LOG.info("campaign=" + campaign + " result=ok");
    }

    // case: safe (an enum)
    @GetMapping("/track/{kind}")
    public void kind(@PathVariable Kind kind) {
        LOG.info("kind={}", kind);
    }

    // case: vulnerable (a private method writes the line)
    @PostMapping("/track/error")
    public void error(@RequestBody Map<String, String> body) {
        write(String.format("client error: %s", body.get("message")));
    }

    private static void write(String line) {
        LOG.error(line);
    }

    // case: safe (the map's other entry)
    @GetMapping("/track/agent")
    public void agent(@RequestHeader("User-Agent") String agent) {
        Map<String, String> fields = new HashMap<>();
        fields.put("agent", agent);
        fields.put("source", "browser");
        LOG.info("source={}", fields.get("source"));
    }

    // case: safe (a helper takes out everything but letters and digits)
    @GetMapping("/track/code")
    public void code(@RequestParam String code) {
        LOG.info("code=" + labelOf(code));
    }

    private static String labelOf(String text) {
        return text.replaceAll("[^A-Za-z0-9]", "");
    }
}
