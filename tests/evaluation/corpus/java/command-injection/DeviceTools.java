package com.northwind.devices;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecutor;

public class DeviceTools extends HttpServlet {
    private static final Pattern HOST = Pattern.compile("[a-z0-9][a-z0-9.-]{0,62}");
    private static final boolean USE_LEGACY_PROBE = false;

    private static String slurp(Process process) throws IOException {
        StringBuilder out = new StringBuilder();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            String line;
            while ((line = reader.readLine()) != null) {
                out.append(line).append('\n');
            }
        }
        return out.toString();
    }

    // case: vulnerable
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String host = request.getParameter("host");
        String[] command = {"/bin/sh", "-c", "ping -c 3 " + host};
        Process process = Runtime.getRuntime().exec(command);
        response.getWriter().write(slurp(process));
    }

    // case: safe (a fixed program, the host passes a full match first, no shell)
    void probe(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String host = request.getParameter("host");
        if (host == null || !HOST.matcher(host).matches()) {
            response.sendError(400);
            return;
        }
        Process process = new ProcessBuilder("/usr/bin/ping", "-c", "3", "--", host).start();
        response.getWriter().write(slurp(process));
    }

    // case: vulnerable (list form, but the list holds a shell)
    void snapshot(HttpServletRequest request) throws IOException {
        List<String> arguments = new ArrayList<>();
        arguments.add("bash");
        arguments.add("-c");
        arguments.add(String.format("tar czf /backup/%s.tgz /data", request.getHeader("X-Snapshot-Name")));
        ProcessBuilder builder = new ProcessBuilder();
        builder.command(arguments);
        builder.redirectErrorStream(true);
        builder.start();
    }

    // case: safe (the entry that reaches the shell is written in the source)
    void rotate(HttpServletRequest request) throws IOException {
        Map<String, String> options = new HashMap<>();
        options.put("label", request.getParameter("label"));
        options.put("target", "/var/log/device");
        Runtime.getRuntime().exec(new String[] {"sh", "-c", "gzip " + options.get("target") + "/*.log"});
        log("rotated for a label of length " + options.get("label").length());
    }

    // case: vulnerable (the cookie's value goes through a helper that only decodes)
    void firmware(HttpServletRequest request) throws IOException {
        for (Cookie cookie : request.getCookies()) {
            if ("channel".equals(cookie.getName())) {
                String channel = plain(cookie.getValue());
                Runtime.getRuntime().exec("/opt/fw/fetch.sh --channel " + channel);
            }
        }
    }

    private static String plain(String value) throws IOException {
        return URLDecoder.decode(value, StandardCharsets.UTF_8.name());
    }

    // case: safe (the ternary never takes the request's value: 9 * 4 is not below 30)
    void reload(HttpServletRequest request) throws IOException {
        int weight = 9 * 4;
        String unit = weight < 30 ? request.getParameter("unit") : "collector.service";
        Runtime.getRuntime().exec("systemctl reload " + unit);
    }

    // case: vulnerable (sink in a helper below)
    void trace(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String target = request.getParameterMap().get("target")[0];
        response.getWriter().print(runShell("traceroute -n " + target));
    }

    private String runShell(String line) throws IOException {
        Process process = Runtime.getRuntime().exec(new String[] {"/bin/bash", "-c", line});
        return slurp(process);
    }

    // case: safe (the branch for the old probe is switched off by a constant)
    void legacy(HttpServletRequest request) throws IOException {
        String tool = "snmpwalk";
        if (USE_LEGACY_PROBE) {
            tool = request.getParameter("tool");
        }
        new ProcessBuilder(tool, "-v2c", "localhost").start();
    }

    // case: safe (allow-list, anything else is refused)
    void service(HttpServletRequest request, String unused) throws IOException {
        String action = request.getParameter("action");
        List<String> known = Arrays.asList("start", "stop", "status");
        if (!known.contains(action)) {
            throw new IllegalArgumentException("unknown action");
        }
        Runtime.getRuntime().exec("systemctl " + action + " collector");
    }

    // case: vulnerable (the check looks, but does not stop)
    void resolve(HttpServletRequest request) throws IOException {
        String name = request.getParameter("name");
        if (name.contains(";") || name.contains("|")) {
            log("odd name: " + name.length());
        }
        CommandLine line = CommandLine.parse("sh -c \"host " + name + "\"");
        new DefaultExecutor().execute(line);
    }

    // case: safe (the port is a number by the time it is text again)
    void scan(HttpServletRequest request) throws IOException, InterruptedException {
        int port = Integer.parseInt(request.getParameter("port"));
        Process process = Runtime.getRuntime().exec(new String[] {"sh", "-c", "ss -ltn 'sport = :" + port + "'"});
        process.waitFor(5, TimeUnit.SECONDS);
    }

    // case: vulnerable (only one of many metacharacters is removed)
    void print(HttpServletRequest request) throws IOException {
        String queue = request.getParameter("queue").replace(";", "");
        StringBuilder line = new StringBuilder("lpstat -p ");
        line.append(queue).append(" | head -n 20");
        new ProcessBuilder("sh", "-c", line.toString()).start();
    }
}
