package com.northwind.matching;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.servlet.http.HttpServletRequest;

public class Matching {
    private static final Pattern SKU = Pattern.compile("^[A-Z]{2}-[0-9]{4,8}$");

    // case: vulnerable (the expression is the request's)
    public long search(HttpServletRequest request, List<String> lines) {
        Pattern pattern = Pattern.compile(request.getParameter("pattern"));
        return lines.stream().filter(line -> pattern.matcher(line).find()).count();
    }

    // case: safe (quoted, every letter stands for itself)
    public long find(HttpServletRequest request, List<String> lines) {
        Pattern pattern = Pattern.compile(Pattern.quote(request.getParameter("text")), Pattern.CASE_INSENSITIVE);
        return lines.stream().filter(line -> pattern.matcher(line).find()).count();
    }

    // case: vulnerable (String.matches compiles what it is given)
    public boolean allowed(HttpServletRequest request, String name) {
        String rule = "^" + request.getHeader("X-Rule") + "$";
        return name.matches(rule);
    }

    // case: safe (every letter has one way to match)
    public boolean sku(HttpServletRequest request) {
        Matcher matcher = SKU.matcher(request.getParameter("sku"));
        return matcher.matches();
    }

    // case: safe (plain text is replaced, no expression)
    public String replace(HttpServletRequest request, String text) {
        return text.replace(request.getParameter("from"), request.getParameter("to"));
    }

    // case: safe (one of the expressions of a fixed map)
    public boolean known(HttpServletRequest request, String text) {
        Map<String, String> expressions = Map.of("digits", "[0-9]+", "letters", "[a-z]+");
        String expression = expressions.getOrDefault(request.getParameter("kind"), "[0-9]+");
        return Pattern.matches(expression, text);
    }

    // case: vulnerable (nested repetition with a back reference, the text is the request's)
    public boolean balanced(HttpServletRequest request) {
        Pattern pairs = Pattern.compile("^(([^,]+,?)+);\\1$");
        return pairs.matcher(request.getParameter("pairs")).matches();
    }
}
