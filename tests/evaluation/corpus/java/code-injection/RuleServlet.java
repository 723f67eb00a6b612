package com.northwind.rules;

import bsh.EvalError;
import bsh.Interpreter;
import groovy.lang.Binding;
import groovy.lang.GroovyShell;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.script.Bindings;
import javax.script.ScriptEngine;
import javax.script.ScriptEngineManager;
import javax.script.ScriptException;
import javax.script.SimpleBindings;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import ognl.Ognl;
import ognl.OgnlException;
import org.mvel2.MVEL;

public class RuleServlet extends HttpServlet {
    private final ScriptEngineManager engines = new ScriptEngineManager();

    // case: vulnerable
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ScriptEngine engine = engines.getEngineByName("nashorn");
        try {
            Object result = engine.eval(request.getParameter("formula"));
            response.getWriter().print(result.hashCode());
        } catch (ScriptException error) {
            response.sendError(400);
        }
    }

    // case: safe (the script is a constant, the request's value is only data in it)
    Object total(HttpServletRequest request) throws ScriptException {
        ScriptEngine engine = engines.getEngineByName("nashorn");
        Bindings bindings = new SimpleBindings();
        bindings.put("amount", Double.valueOf(request.getParameter("amount")));
        return engine.eval("amount * 1.2", bindings);
    }

    // case: vulnerable (pasted between quotes that can be closed)
    Object greet(HttpServletRequest request) throws ScriptException {
        ScriptEngine engine = engines.getEngineByExtension("js");
        return engine.eval("'Hello ' + '" + request.getParameter("name") + "'");
    }

    // case: safe (one of three operators between two numbers)
    Object calculate(HttpServletRequest request) throws ScriptException {
        int left = Integer.parseInt(request.getParameter("left"));
        int right = Integer.parseInt(request.getParameter("right"));
        String operator = request.getParameter("op");
        List<String> operators = Arrays.asList("+", "-", "*");
        if (!operators.contains(operator)) {
            throw new ScriptException("unknown operator");
        }
        return engines.getEngineByName("js").eval(left + operator + right);
    }

    // case: vulnerable (Groovy)
    Object groovy(HttpServletRequest request) throws IOException {
        String body = request.getReader().lines().reduce("", (a, b) -> a + "\n" + b);
        return new GroovyShell(new Binding()).evaluate(body);
    }

    // case: safe (Groovy script of our own, request's value as a variable)
    Object discount(HttpServletRequest request) {
        Binding binding = new Binding();
        binding.setVariable("customer", request.getParameter("customer"));
        return new GroovyShell(binding).evaluate("customer.length() > 3 ? 10 : 0");
    }

    // case: vulnerable (OGNL)
    Object property(HttpServletRequest request) throws OgnlException {
        Map<String, Object> root = new HashMap<>();
        root.put("version", 3);
        return Ognl.getValue(request.getParameter("property"), root);
    }

    // case: safe (OGNL expression from a fixed map)
    Object field(HttpServletRequest request) throws OgnlException {
        Map<String, String> expressions = new HashMap<>();
        expressions.put("v", "version");
        expressions.put("n", "name");
        String expression = expressions.get(request.getParameter("field"));
        return expression == null ? null : Ognl.getValue(expression, new HashMap<String, Object>());
    }

    // case: vulnerable (MVEL, compiled first)
    Object condition(HttpServletRequest request) {
        String rule = request.getHeader("X-Rule");
        return MVEL.executeExpression(MVEL.compileExpression(rule), new HashMap<String, Object>());
    }

    // case: safe (the branch with the request's value is dead: 5 is odd)
    Object fallback(HttpServletRequest request) {
        String rule = "1 + 1";
        if (5 % 2 == 0) {
            rule = request.getParameter("rule");
        }
        return MVEL.eval(rule);
    }

    // case: vulnerable (BeanShell, the sink stands in an inner class)
    Object beanShell(HttpServletRequest request) throws EvalError {
        return new Runner().run("result = " + request.getParameter("expression") + ";");
    }

    private static class Runner {
        private final Interpreter interpreter = new Interpreter();

        Object run(String source) throws EvalError {
            return interpreter.eval(source);
        }
    }

    // case: safe (the name looked up is written here)
    Object pool(HttpServletRequest request) throws NamingException {
        String region = request.getParameter("region");
        String name = "eu".equals(region) ? "java:comp/env/jdbc/eu" : "java:comp/env/jdbc/world";
        return new InitialContext().lookup(name);
    }
}
