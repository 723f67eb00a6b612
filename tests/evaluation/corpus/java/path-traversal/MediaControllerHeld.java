package com.northwind.media;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Response;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.UUID;
import org.apache.commons.io.FileUtils;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.util.StringUtils;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.server.ResponseStatusException;

@RestController
public class MediaControllerHeld {
    private final Path media = Path.of("/var/lib/media");

    // case: vulnerable
    @GetMapping("/media")
    public Resource one(@RequestParam("file") String file) {
        return new FileSystemResource("/var/lib/media/" + file);
    }

    // case: safe (a file's name is made here, only a checked suffix is taken)
    @PostMapping("/media")
    public String add(@RequestParam MultipartFile upload) throws IOException {
        String suffix = StringUtils.getFilenameExtension(upload.getOriginalFilename());
        if (!"png".equals(suffix) && !"jpg".equals(suffix)) {
            throw new ResponseStatusException(HttpStatus.UNSUPPORTED_MEDIA_TYPE);
        }
        Path target = media.resolve(UUID.randomUUID() + ".jpg");
        Files.copy(upload.getInputStream(), target);
        return target.getFileName().toString();
    }

    // case: vulnerable (transferTo with the name the browser sent)
    @PostMapping("/media/raw")
    public void raw(@RequestParam MultipartFile upload) throws IOException {
        File target = new File(media.toFile(), upload.getOriginalFilename());
        upload.transferTo(target);
    }

    // case: safe (a digit-only name, whole match)
    @GetMapping("/frames/{frame}")
    public byte[] frame(@PathVariable String frame) throws IOException {
        if (!frame.matches("[0-9]{1,8}")) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST);
        }
        return FileUtils.readFileToByteArray(new File("/var/lib/media/frames/" + frame));
    }

    // case: vulnerable (compared before it is normalised)
    @GetMapping("/covers")
    public byte[] cover(@RequestParam String name) throws IOException {
        Path wanted = media.resolve(name);
        if (!wanted.startsWith(media)) {
            throw new ResponseStatusException(HttpStatus.FORBIDDEN);
        }
        return Files.readAllBytes(wanted);
    }

    // case: safe (a helper above the sink refuses what leaves the folder)
    @DeleteMapping("/media")
    public void remove(@RequestParam String name) throws IOException {
        Files.deleteIfExists(located(name));
    }

    private Path located(String name) {
        Path wanted = media.resolve(name).toAbsolutePath().normalize();
        if (!wanted.startsWith(media)) {
            throw new IllegalArgumentException("leaves the folder");
        }
        return wanted;
    }

    // case: vulnerable (two values of a JSON body, one of them is the target)
    @PostMapping("/media/move")
    public void move(@RequestBody Map<String, String> body) throws IOException {
        Path from = media.resolve("staging.bin");
        Files.move(from, media.resolve(body.get("to")), StandardCopyOption.REPLACE_EXISTING);
    }

    // case: safe (the header decides a branch that cannot be taken)
    @GetMapping("/banner")
    public byte[] banner(@RequestHeader("X-Banner") String wanted) throws IOException {
        String name = "default.png";
        while (false || "a".length() > 1) {
            name = wanted;
        }
        return Files.readAllBytes(media.resolve(name));
    }

    // case: vulnerable (JAX-RS, pattern lets everything through)
    static class Tracks {
        @GET
        @jakarta.ws.rs.Path("/tracks/{track: .+}")
        @Produces("audio/mpeg")
        public Response track(@PathParam("track") String track) throws IOException {
            RandomAccessFile file = new RandomAccessFile("/var/lib/media/tracks/" + track, "r");
            byte[] start = new byte[4096];
            file.read(start);
            return Response.ok(start).build();
        }
    }

    // case: safe (getFileName drops every folder)
    @PostMapping("/subtitles")
    public ResponseEntity<Void> subtitles(@RequestParam String name, @RequestBody String text) throws IOException {
        Path leaf = Path.of(name).getFileName();
        if (leaf == null || leaf.toString().equals("..") || leaf.toString().equals(".")) {
            return ResponseEntity.badRequest().build();
        }
        Files.writeString(media.resolve("subtitles").resolve(leaf), text, StandardCharsets.UTF_8);
        return ResponseEntity.noContent().build();
    }

    // case: safe (the text of the request is the content, not the path)
    @PostMapping("/motto")
    public void motto(@RequestBody String text) throws IOException {
        FileUtils.writeStringToFile(new File("/var/lib/media/motto.txt"), text, StandardCharsets.UTF_8);
    }
}
