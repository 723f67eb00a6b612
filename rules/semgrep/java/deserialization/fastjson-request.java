import com.alibaba.fastjson.JSON;
import javax.servlet.http.HttpServletRequest;

class Orders {
    void read(HttpServletRequest request) {
        // ruleid: java-fastjson-request
        Object any = JSON.parse(request.getParameter("order"));
        // ok: java-fastjson-request
        Order order = JSON.parseObject(request.getParameter("order"), Order.class);
    }
}
