import javax.script.*;

class Rules {
    Object run(ScriptEngine engine, String name, String script) throws Exception {
        // ruleid: java-code-injection-formatted
        engine.eval("greet('" + name + "')");
        // ok: java-code-injection-formatted
        engine.eval(script);
        engine.put("name", name);
        // ok: java-code-injection-formatted
        return engine.eval("greet(name)");
    }
}
