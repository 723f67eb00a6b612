package com.northwind.docs;

import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FileReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.servlet.annotation.MultipartConfig;
import javax.servlet.annotation.WebServlet;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.Part;
import org.apache.commons.io.FilenameUtils;

@WebServlet("/documents/*")
@MultipartConfig
public class DocumentServlet extends HttpServlet {
    private static final String ROOT = "/srv/documents";
    private static final Path ROOT_PATH = Paths.get(ROOT);

    // case: vulnerable
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        File file = new File(ROOT, request.getParameter("name"));
        try (InputStream in = new FileInputStream(file)) {
            in.transferTo(response.getOutputStream());
        }
    }

    // case: safe (normalised, then compared as a path)
    void download(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Path wanted = ROOT_PATH.resolve(request.getParameter("name")).normalize();
        if (!wanted.startsWith(ROOT_PATH)) {
            response.sendError(HttpServletResponse.SC_FORBIDDEN);
            return;
        }
        Files.copy(wanted, response.getOutputStream());
    }

    // case: vulnerable (replace is done once, "....//" becomes "../")
    void preview(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String name = request.getPathInfo().replace("../", "");
        response.getOutputStream().write(Files.readAllBytes(Paths.get(ROOT + "/" + name)));
    }

    // case: safe (only the last part of the submitted name is used)
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            Part part = request.getPart("file");
            String name = FilenameUtils.getName(part.getSubmittedFileName());
            if (name.isEmpty() || name.startsWith(".")) {
                response.sendError(400);
                return;
            }
            Files.copy(part.getInputStream(), ROOT_PATH.resolve("incoming").resolve(name));
        } catch (javax.servlet.ServletException error) {
            response.sendError(400);
        }
    }

    // case: vulnerable (name of an uploaded file)
    void keep(HttpServletRequest request) throws Exception {
        for (Part part : request.getParts()) {
            try (OutputStream out = new FileOutputStream(ROOT + "/incoming/" + part.getSubmittedFileName())) {
                part.getInputStream().transferTo(out);
            }
        }
    }

    // case: safe (the canonical path has to lie below the root)
    void thumbnail(HttpServletRequest request, HttpServletResponse response) throws IOException {
        File file = new File(ROOT, request.getParameter("image"));
        String canonical = file.getCanonicalPath();
        if (!canonical.startsWith(ROOT + File.separator)) {
            throw new SecurityException("outside of the documents");
        }
        Files.copy(file.getCanonicalFile().toPath(), response.getOutputStream());
    }

    // case: vulnerable (canonical path is computed and thrown away)
    void head(HttpServletRequest request, HttpServletResponse response) throws IOException {
        File file = new File(ROOT + "/public/" + request.getHeader("X-Document"));
        String canonical = file.getCanonicalPath();
        log("head of " + canonical.length());
        try (BufferedReader reader = new BufferedReader(new FileReader(file))) {
            response.setHeader("X-First-Line", String.valueOf(reader.readLine().length()));
            response.getWriter().write(reader.readLine());
        }
    }

    // case: safe (list entry at 1 is the constant after the removal)
    void template(HttpServletRequest request, HttpServletResponse response) throws IOException {
        List<String> names = new ArrayList<>();
        names.add("letter.txt");
        names.add(request.getParameter("template"));
        names.add("invoice.txt");
        names.remove(0);
        Files.copy(Paths.get(ROOT, names.get(1)), response.getOutputStream());
    }

    // case: vulnerable (list entry at 0 is the request's value after the removal)
    void style(HttpServletRequest request, HttpServletResponse response) throws IOException {
        List<String> names = new ArrayList<>();
        names.add("plain.css");
        names.add(request.getParameter("style"));
        names.add("print.css");
        names.remove(0);
        Files.copy(Paths.get(ROOT, names.get(0)), response.getOutputStream());
    }

    // case: safe (known documents only, the path comes from the map)
    void terms(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, String> known = new HashMap<>();
        known.put("terms", "legal/terms.pdf");
        known.put("privacy", "legal/privacy.pdf");
        String path = known.get(request.getParameter("doc"));
        if (path == null) {
            response.sendError(404);
            return;
        }
        Files.copy(ROOT_PATH.resolve(path), response.getOutputStream());
    }

    // case: vulnerable (a round trip through Base64 cleans nothing)
    void bookmark(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] bytes = request.getParameter("mark").getBytes(StandardCharsets.UTF_8);
        String encoded = Base64.getEncoder().encodeToString(bytes);
        String mark = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
        Files.delete(ROOT_PATH.resolve(mark));
    }

    // case: safe (the request's value is only a size)
    void sample(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int pages = Integer.valueOf(request.getParameter("pages"));
        File file = new File(ROOT, "sample-" + pages + ".pdf");
        Files.copy(file.toPath(), response.getOutputStream());
    }
}
