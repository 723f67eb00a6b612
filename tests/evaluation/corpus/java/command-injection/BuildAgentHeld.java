package com.northwind.build;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.ws.rs.FormParam;
import javax.ws.rs.POST;
import javax.ws.rs.Path;
import javax.ws.rs.QueryParam;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.TextWebSocketHandler;

@RestController
public class BuildAgentHeld {
    private final File workspace = new File("/srv/builds");

    enum Stage { COMPILE, TEST, PACKAGE }

    // case: vulnerable
    @PostMapping("/builds")
    public int build(@RequestBody JsonNode job) throws Exception {
        String branch = job.path("git").path("branch").asText("main");
        String script = String.join(" && ", "cd repo", "git fetch", "git checkout " + branch, "make");
        Process process = new ProcessBuilder("/bin/bash", "-lc", script).directory(workspace).start();
        return process.waitFor();
    }

    // case: safe (the enum has three names, nothing else gets through valueOf)
    @PostMapping("/stages/{stage}")
    public void stage(@PathVariable String stage) throws IOException {
        Stage known = Stage.valueOf(stage.toUpperCase());
        Runtime.getRuntime().exec("make " + known.name().toLowerCase(), null, workspace);
    }

    // case: vulnerable (the uploaded file's own name)
    @PostMapping("/artifacts")
    public void sign(@RequestParam("file") MultipartFile file) throws IOException {
        String name = file.getOriginalFilename();
        Runtime.getRuntime().exec(new String[] {"sh", "-c", "gpg --batch --detach-sign '/incoming/" + name + "'"});
    }

    // case: safe (the list is walked past the request's value before it is read)
    @GetMapping("/clean")
    public void clean(@RequestParam String scope) throws IOException {
        LinkedList<String> words = new LinkedList<>();
        words.add(scope);
        words.add("target");
        words.removeFirst();
        Runtime.getRuntime().exec("rm -r /srv/builds/" + words.get(0));
    }

    // case: vulnerable (index 1 is the request's value after the first was removed)
    @GetMapping("/lint")
    public void lint(@RequestParam String profile) throws IOException {
        LinkedList<String> words = new LinkedList<>();
        words.add("strict");
        words.add("fast");
        words.add(profile);
        words.removeFirst();
        Runtime.getRuntime().exec("/opt/lint/run.sh " + words.get(1));
    }

    // case: safe (the text of the header only decides between two constants)
    @GetMapping("/version")
    public void version(@RequestHeader("User-Agent") String agent) throws IOException {
        String tool;
        switch (agent) {
            case "agent/1":
                tool = "java -version";
                break;
            default:
                tool = "mvn --version";
        }
        Runtime.getRuntime().exec(tool);
    }

    // case: vulnerable (the message of a socket is the command)
    static class Console extends TextWebSocketHandler {
        @Override
        protected void handleTextMessage(WebSocketSession session, TextMessage message) throws Exception {
            String[] parts = message.getPayload().split(" ");
            ProcessBuilder builder = new ProcessBuilder(parts);
            builder.inheritIO();
            builder.start();
        }
    }

    // case: safe (looked up in a fixed map, a miss is refused)
    static class Tools {
        private static final Map<String, String> SCRIPTS = Map.of("sync", "/opt/ci/sync.sh", "warm", "/opt/ci/warm.sh");

        @POST
        @Path("/tools")
        public void run(@FormParam("tool") String tool) throws IOException {
            String script = SCRIPTS.get(tool);
            if (script == null) {
                throw new javax.ws.rs.NotFoundException();
            }
            new ProcessBuilder(script).start();
        }
    }

    // case: vulnerable (values joined by a stream, then given to a shell)
    static class Search {
        @POST
        @Path("/grep")
        public void grep(@QueryParam("word") List<String> words) throws IOException {
            String pattern = words.stream().map(String::trim).collect(Collectors.joining("|"));
            String[] line = Stream.of("sh", "-c", "grep -rE \"" + pattern + "\" /srv/builds").toArray(String[]::new);
            Runtime.getRuntime().exec(line);
        }
    }

    // case: safe (the stack gives back the constant that was pushed last)
    @GetMapping("/restart")
    public void restart(@RequestParam String reason) throws IOException {
        Deque<String> pending = new ArrayDeque<>();
        pending.push(reason);
        pending.push("agent");
        new ProcessBuilder("sh", "-c", "supervisorctl restart " + pending.pop()).start();
    }

    // case: safe (the helper answers with a constant, whatever it is given)
    @GetMapping("/disk")
    public void disk(@RequestParam String volume) throws IOException {
        Runtime.getRuntime().exec("df -h " + mountOf(volume));
    }

    private static String mountOf(String volume) {
        int length = volume.length();
        return length > 3 ? "/srv/builds" : "/srv";
    }
}
