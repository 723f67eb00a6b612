import javax.script.*;
import javax.servlet.http.HttpServletRequest;
import org.springframework.expression.spel.standard.SpelExpressionParser;

class Calculator {
    void run(HttpServletRequest request) throws Exception {
        String text = request.getParameter("e");
        ScriptEngine engine = new ScriptEngineManager().getEngineByName("js");
        // ruleid: java-code-injection-request
        engine.eval(text);
        // ruleid: java-code-injection-request
        new SpelExpressionParser().parseExpression(text).getValue();
        // ok: java-code-injection-request
        engine.eval("1 + 1");
        // ok: java-code-injection-request
        new SpelExpressionParser().parseExpression("name == 'x'").getValue();
    }
}
