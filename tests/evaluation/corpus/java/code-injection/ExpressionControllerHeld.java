package com.northwind.expressions;

import com.fasterxml.jackson.databind.JsonNode;
import groovy.util.Eval;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.el.ELProcessor;
import javax.script.Compilable;
import javax.script.ScriptEngine;
import javax.script.ScriptEngineManager;
import javax.script.ScriptException;
import javax.ws.rs.GET;
import javax.ws.rs.Path;
import javax.ws.rs.QueryParam;
import org.apache.commons.jexl3.JexlBuilder;
import org.apache.commons.jexl3.JexlEngine;
import org.apache.commons.jexl3.MapContext;
import org.springframework.expression.Expression;
import org.springframework.expression.ExpressionParser;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.SimpleEvaluationContext;
import org.springframework.expression.spel.support.StandardEvaluationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class ExpressionControllerHeld {
    private final ExpressionParser parser = new SpelExpressionParser();
    private final JexlEngine jexl = new JexlBuilder().create();

    record Item(String name, double price) {}

    // case: vulnerable
    @GetMapping("/spel")
    public Object spel(@RequestParam String expression) {
        return parser.parseExpression(expression).getValue();
    }

    // case: safe (read-only data binding: neither types nor constructors nor bean references)
    @GetMapping("/spel/item")
    public Object item(@RequestParam String property) {
        SimpleEvaluationContext context = SimpleEvaluationContext.forReadOnlyDataBinding().build();
        return parser.parseExpression(property).getValue(context, new Item("lamp", 12.5));
    }

    // case: vulnerable (a standard context restricts nothing)
    @PostMapping("/spel/filter")
    public Boolean filter(@RequestBody JsonNode body) {
        StandardEvaluationContext context = new StandardEvaluationContext(new Item("lamp", 12.5));
        Expression expression = parser.parseExpression("price > 10 and " + body.get("filter").asText());
        return expression.getValue(context, Boolean.class);
    }

    // case: safe (the expression is a constant, the value a variable)
    @GetMapping("/spel/cheaper")
    public Boolean cheaper(@RequestParam double limit) {
        StandardEvaluationContext context = new StandardEvaluationContext(new Item("lamp", 12.5));
        context.setVariable("limit", limit);
        return parser.parseExpression("price < #limit").getValue(context, Boolean.class);
    }

    // case: vulnerable (JEXL)
    @GetMapping("/jexl")
    public Object jexl(@RequestHeader("X-Expression") String expression) {
        return jexl.createExpression(expression).evaluate(new MapContext());
    }

    // case: safe (JEXL, the map's other entry)
    @GetMapping("/jexl/unit")
    public Object unit(@RequestParam String unit) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("unit", unit);
        texts.put("formula", "3 * 4");
        return jexl.createScript(texts.get("formula")).execute(new MapContext());
    }

    // case: vulnerable (Groovy, one line)
    @PostMapping("/groovy")
    public Object groovy(@RequestBody Map<String, List<String>> body) {
        return Eval.me(body.get("lines").get(0));
    }

    // case: vulnerable (EL processor)
    @GetMapping("/el/{name}")
    public Object el(@PathVariable String name) {
        ELProcessor processor = new ELProcessor();
        return processor.eval("config." + name);
    }

    // case: safe (digits and four operators, checked over the whole text)
    @GetMapping("/sum")
    public Object sum(@RequestParam String sum) throws ScriptException {
        if (!sum.matches("[0-9]{1,4}([+*/-][0-9]{1,4}){0,5}")) {
            throw new IllegalArgumentException("no sum");
        }
        return new ScriptEngineManager().getEngineByName("js").eval(sum);
    }

    // case: vulnerable (compiled script, JAX-RS)
    @Path("/compile")
    public static class Compiler {
        private final ScriptEngine engine = new ScriptEngineManager().getEngineByMimeType("text/javascript");

        @GET
        public String compile(@QueryParam("source") String source) throws ScriptException {
            return String.valueOf(((Compilable) engine).compile(source).eval());
        }
    }

    // case: safe (the helper chooses among constants)
    @GetMapping("/report")
    public Object report(@RequestParam String kind) {
        return parser.parseExpression(expressionOf(kind)).getValue(new Item("lamp", 12.5));
    }

    private static String expressionOf(String kind) {
        return switch (kind) {
            case "price" -> "price()";
            case "name" -> "name()";
            default -> "toString()";
        };
    }

    // case: safe (compiled in the source, with the request's number in its bindings)
    @GetMapping("/tax")
    public Object tax(@RequestParam int cents) throws ScriptException {
        ScriptEngine engine = new ScriptEngineManager().getEngineByName("js");
        engine.put("cents", cents);
        return engine.eval("Math.round(cents * 0.2)");
    }
}
